// What a reader must know before believing a figure, in sentences.
import type { Loaded } from './load.js';
import type { MixInfo, SourceCounts } from './model.js';

export interface Circumstances {
  readonly loaded: Loaded;
  readonly sources: readonly SourceCounts[];
  readonly mix: MixInfo;
  /** the encoder that is installed now, in words */
  readonly installed: string;
  /** whether the encoder that scanned is that one */
  readonly same: boolean;
  /** whether its calibration error is known */
  readonly calibrated: boolean;
}

/** Versions of encoders that were released before, by the SHA-256 of their graph. */
const EARLIER: Readonly<Record<string, string>> = {
  '1471c08ebe2073ac573265b4eaeb1d3df7d8863a07d344c8f78fec2461656058': '1.1.0',
};

/** The caveats that hold for this report, most important first. */
export function caveats({ loaded, sources, mix, installed, same, calibrated }: Circumstances): string[] {
  const list = [
    'Figures with the status transferred rest on the classifier’s probabilities as they were calibrated on the labelled passages of the model card. Those were picked for being hard and are not this corpus: where AI personas are rarer than there, transferred prevalence tends to be too high, and what gate and linear tier rejected counts as empty. Only labels of the audit sample correct that. The naive count beside each figure is the classifier’s verdicts, corrected for nothing.',
    'The models read English. Labels behind them were made by a language model under the codebook.',
    'Salience (how many documents, how early, how many hits in each) is counted by the classifier: labels of single passages cannot correct it, and no measured prevalence per document is given but where every document is one passage.',
  ];
  if (!same) {
    const hash = loaded.runs.at(-1)?.hashes['encoder'] ?? '';
    const scanned = `${EARLIER[hash] === undefined ? '' : `version ${EARLIER[hash]}, `}SHA-256 ${hash.slice(0, 12)}…`;
    list.push(
      `The encoder that scanned (${scanned}) is not the one installed when this report was made (${installed}): its calibration error is unknown and not in the transferred intervals, and all labels of conduct and situation are taken for experimental.`,
    );
  } else if (!calibrated) {
    list.push('The model card gives no calibration error: none is in the transferred intervals.');
  }
  if (sources.some((s) => !s.exact))
    list.push(
      'Passages and words of documents that the gate rejected are estimated from the seeded reject sample; documents are counted.',
    );
  if (mix.weighted)
    list.push(
      'Figures over all sources are of the training mix: each source by its weight. Figures of one source, counts and `positives` are of the files.',
    );
  const hits = loaded.sources.reduce((sum, s) => sum + s.hits.length, 0);
  if (mix.copies > 0 && mix.duplicates === 'all')
    list.push(`${mix.copies} of ${hits} hits repeat the text of another hit; every copy is counted.`);
  if (mix.duplicates === 'once')
    list.push(
      `${mix.copies} of ${hits} hits repeat the text of another hit and were left out. Copies among rejects are not known; they are all counted.`,
    );
  const incomplete = loaded.inputs.filter((input) => input.status !== 'done');
  if (incomplete.length > 0)
    list.push(`${incomplete.length} of ${loaded.inputs.length} files were not read to their end.`);
  return list;
}
