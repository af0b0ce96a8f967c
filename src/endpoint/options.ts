// The options of every command that asks a server, and the endpoint that they make.
import { type Command, InvalidArgumentError } from 'commander';
import { PersonaPriorError } from '../errors.js';
import { type Host, positive } from '../host.js';
import type { Endpoint } from './model.js';

export interface EndpointFlags {
  readonly endpoint: string;
  readonly model: string;
  readonly apiKeyEnv?: string;
  readonly concurrency: number;
  readonly retries: number;
  readonly timeout: number;
  readonly budgetTokens?: number;
  readonly budgetRequests?: number;
}

/** Adds them to a command. */
export function endpointOptions(command: Command): Command {
  return command
    .requiredOption('--endpoint <url>', 'a server of the OpenAI protocol, as in http://127.0.0.1:8000/v1')
    .requiredOption('--model <name>', 'the name of the model on that server')
    .option('--api-key-env <name>', 'the environment variable that holds the API key (default: OPENAI_API_KEY if set)')
    .option('--concurrency <n>', 'requests at once', positive, 4)
    .option('--retries <n>', 'attempts after a failed one (429, 5xx, broken connection, timeout)', count, 6)
    .option('--timeout <seconds>', 'the time that one request may take', positive, 600)
    .option('--budget-tokens <n>', 'stop before prompts and answers together could take more tokens', positive)
    .option('--budget-requests <n>', 'stop after so many HTTP requests, retries included', positive);
}

/**
 * Opens the endpoint that the flags name. Troubles go to standard error, the first few and then each power of two.
 * Throws `usage` for a bad address, or a variable that is named and not set.
 */
export async function endpointFrom(flags: EndpointFlags, host: Host): Promise<Endpoint> {
  // loaded here, so that --help stays quick
  const { openEndpoint } = await import('./endpoint.js');
  const { apiKeyEnv, budgetTokens, budgetRequests } = flags;
  const apiKey = host.env?.[apiKeyEnv ?? 'OPENAI_API_KEY']?.trim();
  if (apiKeyEnv !== undefined && (apiKey === undefined || apiKey === '')) {
    throw new PersonaPriorError('usage', `the environment variable ${apiKeyEnv} is not set`, {
      help: 'set it to the API key, or leave --api-key-env out for a server without keys',
    });
  }
  let troubles = 0;
  return openEndpoint({
    url: flags.endpoint,
    model: flags.model,
    retries: flags.retries,
    timeout: flags.timeout,
    signal: host.signal,
    ...(apiKey === undefined ? {} : { apiKey }),
    budget: {
      ...(budgetRequests === undefined ? {} : { requests: budgetRequests }),
      ...(budgetTokens === undefined ? {} : { tokens: budgetTokens }),
    },
    onTrouble: (message) => {
      troubles++;
      if (troubles <= 5 || Number.isInteger(Math.log2(troubles))) host.stderr.write(`${message} (${troubles})\n`);
    },
  });
}

function count(value: string): number {
  const n = Number(value);
  if (value.trim() === '' || !Number.isSafeInteger(n) || n < 0) {
    throw new InvalidArgumentError('expected a whole number from 0 on');
  }
  return n;
}
