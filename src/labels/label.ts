// One label record: the codebook's closed lists, checked. No files and no database.
import { CONDUCT, FRAMING, PERSONA, SITUATION, VALENCE } from '../types.js';

/** A passage's label in the codebook's words. Without a character: valence `na`, empty lists, no reasons. */
export interface Label {
  readonly persona: (typeof PERSONA)[number];
  readonly framing: (typeof FRAMING)[number];
  readonly valence: (typeof VALENCE)[number] | 'na';
  readonly conduct: readonly string[];
  readonly situation: readonly string[];
  readonly reasons: boolean;
  readonly confidence: 1 | 2 | 3 | null;
}

/** Where a label belongs and how it came about. */
export interface LabelRecord {
  readonly id: string | null;
  readonly sample: string;
  readonly source: string;
  readonly doc: string;
  readonly start: number;
  readonly end: number;
  readonly inclusion: number | null;
  readonly reader: string;
  readonly label: Label;
}

/** The label fields before anybody filled them in. */
export const EMPTY_LABEL = {
  persona: null,
  framing: null,
  valence: null,
  conduct: null,
  situation: null,
  reasons: null,
  confidence: null,
  reader: null,
} as const;

/**
 * Reads one line. `reader` stands in where the record names none. Unknown fields are ignored; where persona is not
 * `character`, fields that are null or missing count as filled in the one way the codebook allows.
 * @returns the record, null for one whose persona nobody filled in, or what is wrong with it
 */
export function parseLabel(line: string, reader: string | null): LabelRecord | null | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return 'not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not a JSON object';
  const record = value as Record<string, unknown>;
  if (record.persona === null || record.persona === undefined) return null;
  const label = parseFields(record);
  if (typeof label === 'string') return label;
  const { start, end, inclusion = null, id = null, sample = '' } = record;
  const source = word(record.source);
  if (source === null) return 'no source';
  const doc = word(record.doc);
  if (doc === null) return 'no doc';
  if (!isOffset(start) || !isOffset(end) || start >= end) return 'start and end are not offsets with start < end';
  if (typeof sample !== 'string') return 'sample is not a string';
  if (inclusion !== null && !(typeof inclusion === 'number' && inclusion > 0 && inclusion <= 1)) {
    return 'inclusion is not a probability over 0';
  }
  const who = word(record.reader) ?? reader;
  if (who === null) return 'no reader';
  return { id: word(id), sample, source, doc, start, end, inclusion, reader: who, label };
}

function parseFields(record: Record<string, unknown>): Label | string {
  const persona = oneOf(PERSONA, record.persona);
  if (persona === null) return `persona is not one of ${PERSONA.join(', ')}`;
  const framing = oneOf(FRAMING, record.framing);
  if (framing === null) return `framing is not one of ${FRAMING.join(', ')}`;
  const character = persona === 'character';
  const empty = <T>(given: unknown, otherwise: T): unknown => (character ? given : (given ?? otherwise));
  const given = empty(record.valence, 'na');
  const valence = given === 'na' ? 'na' : oneOf(VALENCE, given);
  if (valence === null) return `valence is not one of ${VALENCE.join(', ')}, na`;
  const conduct = listOf(CONDUCT, empty(record.conduct, []));
  if (typeof conduct === 'string') return `conduct ${conduct}`;
  const situation = listOf(SITUATION, empty(record.situation, []));
  if (typeof situation === 'string') return `situation ${situation}`;
  const reasons = empty(record.reasons, false);
  if (typeof reasons !== 'boolean') return 'reasons is neither true nor false';
  const confidence = record.confidence ?? null;
  if (confidence !== null && confidence !== 1 && confidence !== 2 && confidence !== 3) {
    return 'confidence is not 1, 2 or 3';
  }
  if (character && valence === 'na') return 'persona character needs a valence';
  if (!character && (valence !== 'na' || conduct.length > 0 || situation.length > 0 || reasons)) {
    return 'without a persona character, valence is na, conduct and situation are empty and reasons is false';
  }
  return { persona, framing, valence, conduct, situation, reasons, confidence };
}

function word(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

function isOffset(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function oneOf<T extends string>(labels: readonly T[], value: unknown): T | null {
  return labels.find((label) => label === value) ?? null;
}

/** The list in codebook order without repeats, or what is wrong with it. */
function listOf(labels: readonly string[], value: unknown): readonly string[] | string {
  if (!Array.isArray(value)) return 'is not a list';
  for (const item of value) {
    if (!labels.includes(item as string)) return `holds ${JSON.stringify(item)}, which the codebook does not know`;
  }
  return labels.filter((label) => value.includes(label));
}
