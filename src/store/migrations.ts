// The one list of migrations. Each is applied once, in its own transaction, and recorded in it. Never edit a shipped one.

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** `scores` are 36 little-endian float32 probabilities in the order of HEADS; `embedding` 384 float32. */
export const MIGRATIONS: readonly Migration[] = [
  {
    name: '001-spine',
    sql: `
create table runs (
  id integer primary key,
  started text not null,
  finished text,
  status text not null check (status in ('running', 'interrupted', 'done', 'failed')),
  command text not null,
  versions text not null,  -- JSON: persona-prior, node, packages
  hashes text not null,    -- JSON: lexicon, encoder, linear, tropes
  settings text not null   -- JSON: everything that a scan's result depends on
);
create table sources (
  id integer primary key,
  name text not null unique
);
create table shards (
  id integer primary key,
  source_id integer not null references sources(id),
  run_id integer not null references runs(id),
  path text not null,
  name text not null,
  size integer,
  mtime_ms real,
  head_hash text,
  part text not null default '1/1',
  format text,
  compression text,
  fields text,             -- JSON: which field is text, id, title
  status text not null check (status in ('pending', 'running', 'done', 'incomplete')),
  next_record integer not null default 0,
  next_byte integer not null default 0,
  compressed_bytes integer not null default 0,
  fault text               -- JSON of the fault that ended an incomplete file
);
create index shards_by_source on shards(source_id);
create table tallies (
  shard_id integer not null references shards(id),
  stage text not null,     -- read gate segment linear transformer
  kind text not null,      -- in out dropped failed repaired words ...
  reason text not null default '',
  n integer not null,
  primary key (shard_id, stage, kind, reason)
) without rowid;
create table faults (
  id integer primary key,
  shard_id integer not null references shards(id),
  stage text not null,
  reason text not null,
  record integer not null,
  byte_offset integer not null,
  message text not null
);
create index faults_by_shard on faults(shard_id, stage, reason);
create table hits (
  id integer primary key,
  source_id integer not null references sources(id),
  shard_id integer not null references shards(id),
  record integer not null,
  document text not null,
  title text,
  start integer not null,  -- Unicode code points
  end integer not null,
  words integer not null,
  passage integer not null,   -- number of the passage in its document, from 0
  passages integer not null,  -- passages of the document
  text text not null,
  text_hash text not null,    -- of the folded text: exact duplicates share it
  names text not null,        -- JSON list
  tropes text not null,       -- JSON list, at the thresholds of the model card
  linear real,
  persona real not null,      -- P(character)
  malevolent real not null,   -- joint P(character) * P(malevolent | character)
  scores blob not null
);
create unique index hits_by_place on hits(shard_id, record, start);
create index hits_by_source on hits(source_id, persona);
create index hits_by_malevolent on hits(malevolent);
create index hits_by_text on hits(text_hash);
create virtual table hit_vectors using vec0(hit_id integer primary key, embedding float[384] distance_metric=cosine);
create table samples (
  source_id integer not null references sources(id),
  stratum text not null,
  key integer not null,      -- keyed hash: the bottom k of a stratum are its sample
  document text not null,
  start integer not null,    -- of the stored passage, code points
  end integer not null,
  title text,
  text text not null,
  words integer not null,            -- of the passage
  unit_words integer not null,       -- of the sampled unit: a document in stratum gate, else the passage
  unit_passages integer not null,
  linear real,
  scores blob,
  primary key (source_id, stratum, key, document, start)
) without rowid;
create table labels (
  id integer primary key,
  source_id integer references sources(id),
  document text not null,
  start integer not null,
  end integer not null,
  sample text not null,
  inclusion real,
  reader text not null,
  label text not null,       -- JSON in the codebook's format
  created text not null,
  unique (source_id, document, start, end, reader)
);
`,
  },
  {
    name: '003-search',
    sql: `
create virtual table hit_text using fts5(text, title, content='hits', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2');
insert into hit_text(rowid, text, title) select id, text, title from hits;
create trigger hits_text_added after insert on hits begin
  insert into hit_text(rowid, text, title) values (new.id, new.text, new.title);
end;
create trigger hits_text_removed after delete on hits begin
  insert into hit_text(hit_text, rowid, text, title) values ('delete', old.id, old.text, old.title);
end;
`,
  },
  {
    // scans of millions of files look each of them up
    name: '004-shards-by-path',
    sql: `
create index shards_by_path on shards(path);
create index shards_by_head on shards(head_hash);
`,
  },
  {
    // labels, the review page and a search for neighbours ask for passages by their document
    name: '005-passages-by-document',
    sql: `
create index hits_by_document on hits(document, start);
create index samples_by_document on samples(document, start);
`,
  },
];
