// Answers a plan request: the files of the inputs as a scan would take them, big Parquet files with their row groups.
import { open } from 'node:fs/promises';
import { PersonaPriorError } from '../errors.js';
import { checkInputs, planInputs } from '../plan.js';
import { StreamFault } from '../read/fault.js';
import { chooseMapping, type FieldMapping } from '../read/fields.js';
import type { InputFile } from '../read/inputs.js';
import { openInput } from '../read/open.js';
import { openParquet } from '../read/parquet.js';
import { unreadable } from '../scan-file.js';
import type { PlannedFile, PlanRequest, ReadChoice } from './records.js';

/** The files in the order of a scan. Throws what a scan throws for inputs that are not there. */
export async function* planRequest(request: PlanRequest): AsyncGenerator<PlannedFile> {
  const { inputs, choice = {}, split } = request;
  if (inputs.includes('-')) throw new PersonaPriorError('usage', 'standard input cannot be planned: name files');
  await checkInputs(inputs);
  const source = request.source === undefined ? {} : { source: request.source };
  const seen = new Set<string>();
  for await (const planned of planInputs({ inputs, ...source })) {
    const { source: name, member } = planned;
    const { remote: _, ...file } = planned.file;
    if (seen.has(file.path)) {
      throw new PersonaPriorError('usage', 'the same file was given twice', { place: { file: file.name } });
    }
    seen.add(file.path);
    const groups = (file.size ?? 0) > split ? await rowGroups(file, choice) : null;
    yield { file, source: name, member, ...groups };
  }
}

/**
 * Row groups of a Parquet file and the fields that a scan would choose for it: whoever begins inside the file cannot choose
 * them. Null for other formats, and for a file that a scan would refuse: it is scanned whole, and refused there.
 */
async function rowGroups(
  file: InputFile,
  choice: ReadChoice,
): Promise<{ groups: readonly number[]; fields: FieldMapping } | null> {
  try {
    if (!(await isParquet(file.path))) return null;
    const parquet = await openParquet(file.path);
    await parquet.close();
    const opened = await openInput(file, choice);
    for await (const batch of opened.batches) {
      if (batch.records.length === 0) continue;
      const fields = chooseMapping(batch.records, opened.format, { file: file.name, ...choice });
      return { groups: parquet.groups, fields };
    }
    return null;
  } catch (error) {
    if (unreadable(error) || error instanceof StreamFault) return null;
    throw error;
  }
}

async function isParquet(path: string): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return false;
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
    return buffer.toString('latin1') === 'PAR1';
  } finally {
    await handle.close();
  }
}
