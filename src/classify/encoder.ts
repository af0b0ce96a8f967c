// The encoder tier: one fine-tuned MiniLM as an ONNX graph, all heads and the passage embedding in one call.
// One unpadded passage a call on one thread, so that a passage's scores depend on nothing but its own input.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersonaPriorError } from '../errors.js';
import { EMBEDDING, SCORES } from '../types.js';
import { loadCard, type ModelCard } from './card.js';
import { markTokens, type TokenTrie, tokenTrie } from './marks.js';

/** Tokens of a whole input, and of the context in it (title and AI names). */
export const WINDOW = 384;
export const CONTEXT = 48;

/** What is scored. `context` is null where neither title nor names are known. `names` are marked like AI terms. */
export interface EncoderInput {
  readonly text: string;
  readonly context: string | null;
  readonly names: readonly string[];
}

export interface EncoderOutput {
  /** {@link SCORES} calibrated probabilities, see HEADS */
  readonly scores: Float32Array;
  /** {@link EMBEDDING} dimensions, unit length */
  readonly embedding: Float32Array;
}

export interface Encoder {
  readonly card: ModelCard;
  encode(input: EncoderInput): Promise<EncoderOutput>;
  /** Token ids and types of one input, as the graph gets them (for tests of parity with the training code). */
  tokens(input: EncoderInput): { ids: number[]; types: number[] }[];
  dispose(): Promise<void>;
}

interface Tokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): number[];
}

/**
 * Loads the model from local files only. The spellings that it sees marked come with it (`marks.json`), so that a change of
 * the gate's lexicon does not change its scores. Throws `model_missing` or `model_changed`.
 */
export async function loadEncoder(folder: string): Promise<Encoder> {
  const card = loadCard(folder);
  const { terms } = JSON.parse(readFileSync(join(folder, 'marks.json'), 'utf8')) as { terms: string[] };
  const { AutoModel, AutoTokenizer, Tensor, env } = await import('@huggingface/transformers');
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  env.localModelPath = join(folder, '..');
  const name = folder.split(/[\\/]/).pop()!;
  let tokenizer: Tokenizer & ((text: string) => unknown);
  let model: {
    (inputs: Record<string, unknown>): Promise<Record<string, { data: Float32Array }>>;
    dispose(): Promise<unknown>;
  };
  try {
    tokenizer = (await AutoTokenizer.from_pretrained(name, { local_files_only: true })) as never;
    model = (await AutoModel.from_pretrained(name, {
      local_files_only: true,
      dtype: 'q8',
      device: 'cpu',
      session_options: { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' },
    })) as never;
  } catch (cause) {
    throw new PersonaPriorError('model_missing', 'the encoder could not be loaded from its folder', {
      place: { file: folder },
      help: 'reinstall the package, or point PERSONA_PRIOR_MODELS at a complete models folder',
      cause,
    });
  }
  const idsOf = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false });
  const vocabulary = readVocabulary(folder);
  const cls = vocabulary.idOf('[CLS]');
  const sep = vocabulary.idOf('[SEP]');
  const continues = vocabulary.continues;
  const trie = tokenTrie(terms.map(idsOf));

  const tokens = (input: EncoderInput): { ids: number[]; types: number[] }[] => {
    const names = input.names.length === 0 ? null : tokenTrie(input.names.map(idsOf));
    const mark = (ids: readonly number[]): Uint8Array => marked(ids, trie, names, continues);
    const context = input.context === null ? [] : idsOf(input.context).slice(0, CONTEXT);
    const tail = context.length === 0 ? [] : [...context, sep];
    const tailTypes = context.length === 0 ? [] : [...mark(context), 0];
    const room = WINDOW - 2 - tail.length;
    const text = idsOf(input.text);
    return windows(text.length, room).map(([from, to]) => {
      const part = text.slice(from, to);
      return { ids: [cls, ...part, sep, ...tail], types: [0, ...mark(part), 0, ...tailTypes] };
    });
  };

  const run = async (ids: readonly number[], types: readonly number[]): Promise<EncoderOutput> => {
    const shape = [1, ids.length];
    const output = await model({
      input_ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new Tensor('int64', new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new Tensor('int64', BigInt64Array.from(types, BigInt), shape),
    });
    const scores = output['scores']?.data;
    const embedding = output['embedding']?.data;
    if (scores?.length !== SCORES || embedding?.length !== EMBEDDING) {
      throw new PersonaPriorError('model_missing', 'the encoder gives other outputs than scores and embedding', {
        place: { file: folder },
      });
    }
    if (!scores.every((p) => p >= 0 && p <= 1))
      throw new PersonaPriorError('internal', 'the encoder gave no probabilities');
    return { scores: Float32Array.from(scores), embedding: Float32Array.from(embedding) };
  };

  return {
    card,
    tokens,
    async encode(input) {
      // nearly always one window; a text of strange tokens is read in several, and the one most like a persona speaks
      let best: EncoderOutput | undefined;
      for (const { ids, types } of tokens(input)) {
        const output = await run(ids, types);
        if (best === undefined || output.scores[2]! > best.scores[2]!) best = output;
      }
      return best!;
    },
    async dispose() {
      await model.dispose();
    },
  };
}

/** Windows of at most `room` tokens that cover all, with half a window of overlap. */
function windows(length: number, room: number): [number, number][] {
  if (length <= room) return [[0, length]];
  const found: [number, number][] = [];
  const step = Math.floor(room / 2);
  for (let from = 0; ; from += step) {
    const to = Math.min(length, from + room);
    found.push([from, to]);
    if (to === length) return found;
  }
}

function marked(
  ids: readonly number[],
  trie: TokenTrie,
  names: TokenTrie | null,
  continues: (id: number) => boolean,
): Uint8Array {
  const types = new Uint8Array(ids.length);
  markTokens(ids, trie, continues, types);
  if (names !== null) markTokens(ids, names, continues, types);
  return types;
}

/** Ids of the special tokens, and which ids are "##" pieces, from `tokenizer.json`. */
function readVocabulary(folder: string): { idOf(token: string): number; continues(id: number): boolean } {
  const path = join(folder, 'tokenizer.json');
  const file = JSON.parse(readFileSync(path, 'utf8')) as { model: { vocab: Record<string, number> } };
  const { vocab } = file.model;
  const flags = new Uint8Array(Object.keys(vocab).length);
  for (const [token, id] of Object.entries(vocab)) if (token.startsWith('##')) flags[id] = 1;
  return {
    idOf(token) {
      const id = vocab[token];
      if (id === undefined)
        throw new PersonaPriorError('model_missing', `no token ${token}`, { place: { file: path } });
      return id;
    },
    continues: (id) => flags[id] === 1,
  };
}
