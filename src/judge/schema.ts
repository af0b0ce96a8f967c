// The JSON Schema of a judge's answer, and whether an answer keeps it and the codebook. Asks nobody.
import { Ajv } from 'ajv';
import { type Label, parseLabel } from '../labels/label.js';
import { CONDUCT, FRAMING, PERSONA, SITUATION, VALENCE } from '../types.js';

const list = (labels: readonly string[]) => ({ type: 'array', items: { type: 'string', enum: [...labels] } });

/** All fields are required, as servers with strict schemas want it; what belongs together is checked by {@link readAnswer}. */
export const ANSWER_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['persona', 'framing', 'valence', 'conduct', 'situation', 'reasons', 'confidence'],
  properties: {
    persona: { type: 'string', enum: [...PERSONA] },
    framing: { type: 'string', enum: [...FRAMING] },
    valence: { type: 'string', enum: [...VALENCE, 'na'] },
    conduct: list(CONDUCT),
    situation: list(SITUATION),
    reasons: { type: 'boolean' },
    confidence: { type: 'integer', enum: [1, 2, 3] },
  },
} as const;

const ajv = new Ajv();
const keepsSchema = ajv.compile(ANSWER_SCHEMA);

/** The label, or in words what is wrong with the answer. `found` is parsed JSON from a server that may say anything. */
export function readAnswer(found: unknown): Label | string {
  if (!keepsSchema(found)) return ajv.errorsText(keepsSchema.errors, { dataVar: 'answer' }).slice(0, 300);
  const place = { source: 's', doc: 'd', start: 0, end: 1, reader: 'r' };
  const record = parseLabel(JSON.stringify({ ...(found as object), ...place }), null);
  if (record === null) return 'persona is missing';
  return typeof record === 'string' ? record : record.label;
}
