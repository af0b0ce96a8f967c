// Packs the readable sources in corpora/source/ into the compressed files of corpora/sample/.
// Run `node corpora/build.mjs` after an edit; needs the `zstd` command (Node 20 has no zstd of its own).
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const at = (path) => new URL(path, import.meta.url);

// Node writes no time stamp into the gzip header, so the same source gives the same bytes.
writeFileSync(at('sample/web.jsonl.gz'), gzipSync(readFileSync(at('source/web.jsonl')), { level: 9 }));

const packed = execFileSync('zstd', ['-19', '-c', '-q'], { input: readFileSync(at('source/forum.jsonl')) });
writeFileSync(at('sample/forum.jsonl.zst'), packed);
