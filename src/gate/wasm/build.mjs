// Compiles words.as to ../words-module.ts (base64 of the WebAssembly, and the SHA-256 of the source it came from):
//   node src/gate/wasm/build.mjs FOLDER_OF_ASSEMBLYSCRIPT
// The folder is an installed `assemblyscript` 0.28.20 (with its `binaryen`). Needed only when words.as changes: the
// result is committed, and no compiler is needed to build, test or run.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [compiler] = process.argv.slice(2);
if (compiler === undefined) {
  console.error('usage: node src/gate/wasm/build.mjs FOLDER_OF_ASSEMBLYSCRIPT');
  process.exit(2);
}
const { default: asc } = await import(pathToFileURL(join(compiler, 'dist', 'asc.js')).href);
const { version } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8'));
const here = fileURLToPath(new URL('.', import.meta.url));
const source = readFileSync(join(here, 'words.as'), 'utf8');

let wasm;
const { error, stderr } = await asc.main(
  [
    'words.ts',
    '-O3',
    '--converge',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
    '--initialMemory',
    '10',
    '--maximumMemory',
    '10',
    '--memoryBase',
    '64',
    '--outFile',
    'words.wasm',
  ],
  {
    readFile: (name) => (name === 'words.ts' ? source : null),
    writeFile: (name, contents) => {
      if (name === 'words.wasm') wasm = contents;
    },
    listFiles: () => [],
  },
);
if (error !== null || wasm === undefined) {
  console.error(String(stderr));
  process.exit(1);
}
const base64 = Buffer.from(wasm).toString('base64');
const lines = base64.match(/.{1,110}/g).map((line) => `  '${line}',`);
writeFileSync(
  join(here, '..', 'words-module.ts'),
  `// Made by wasm/build.mjs from wasm/words.as with assemblyscript ${version}; do not edit. ${wasm.length} bytes of WebAssembly, base64.

/** SHA-256 (hex) of words.as. */
export const SOURCE_HASH = '${createHash('sha256').update(source).digest('hex')}';

export const WORDS_MODULE = [
${lines.join('\n')}
].join('');
`,
);
console.log(`${wasm.length} bytes`);
