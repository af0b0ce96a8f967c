// Answers a plan request: the files of the inputs as a scan would take them, big Parquet files with their row groups.
import { PersonaPriorError } from '../errors.js';
import { planInputs } from '../plan.js';
import { StreamFault } from '../read/fault.js';
import { chooseMapping, type FieldMapping } from '../read/fields.js';
import type { InputFile } from '../read/inputs.js';
import { openInput } from '../read/open.js';
import { unreadable } from '../scan-file.js';
import type { PlannedFile, PlanRequest, ReadChoice } from './records.js';

/** The files in the order of a scan. Throws what a scan throws for inputs that are not there. */
export async function* planRequest(request: PlanRequest, signal: AbortSignal): AsyncGenerator<PlannedFile> {
  const { inputs, choice = {}, split } = request;
  if (inputs.includes('-')) throw new PersonaPriorError('usage', 'standard input cannot be planned: name files');
  const source = request.source === undefined ? {} : { source: request.source };
  const seen = new Set<string>();
  for await (const planned of planInputs({ inputs, signal, ...source })) {
    const { source: name, member } = planned;
    const { remote: _, ...file } = planned.file;
    if (seen.has(file.path)) {
      throw new PersonaPriorError('usage', 'the same file was given twice', { place: { file: file.name } });
    }
    seen.add(file.path);
    const groups = (file.size ?? 0) > split ? await rowGroups(planned.file, { ...choice, signal }) : null;
    yield { file, source: name, member, ...groups };
  }
}

/**
 * Row groups of a Parquet file and the fields that a scan would choose for it: whoever begins inside the file cannot choose
 * them. Null for other formats, and for a file that a scan would refuse: it is scanned whole, and refused there.
 */
async function rowGroups(
  file: InputFile,
  choice: ReadChoice & { readonly signal: AbortSignal },
): Promise<{ groups: readonly number[]; fields: FieldMapping } | null> {
  try {
    const { format, groups, batches } = await openInput(file, choice);
    // leaving the loop closes the file
    for await (const { records } of batches) {
      if (groups === undefined) return null;
      if (records.length > 0) return { groups, fields: chooseMapping(records, format, { file: file.name, ...choice }) };
    }
    return null;
  } catch (error) {
    if (unreadable(error) || error instanceof StreamFault) return null;
    throw error;
  }
}
