// The words of the endpoint: requests, answers, usage, options. Shapes only.

export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Sampling is the server's default where nothing is said. */
export interface Sampling {
  /** tokens that the answer may have */
  readonly maxTokens: number;
  readonly temperature?: number;
}

/** POST /chat/completions */
export interface ChatRequest extends Sampling {
  readonly messages: readonly Message[];
  /** the answer must be JSON of this JSON Schema (`response_format`), and is parsed into {@link Answer.json} */
  readonly schema?: { readonly name: string; readonly schema: Readonly<Record<string, unknown>> };
}

/** POST /completions */
export interface CompletionRequest extends Sampling {
  readonly prompt: string;
}

/** Why the model stopped, as the server says it: `stop`, `length`, `content_filter`, …; `unknown` where it does not say. */
export interface Answer {
  readonly text: string;
  readonly finish: string;
  /** the server's own field for refusals; refusals in words stand in `text` */
  readonly refusal: string | null;
  /** the parsed answer where a schema was given; absent where the model refused or was cut off */
  readonly json?: unknown;
  readonly tokens: Tokens;
  /** the model that the server names */
  readonly model: string | null;
}

/** `estimated`: the server did not count, and a quarter of the characters stands in. */
export interface Tokens {
  readonly prompt: number;
  readonly completion: number;
  readonly estimated: boolean;
}

/** Everything asked so far, failures included. */
export interface Usage {
  /** HTTP requests sent */
  attempts: number;
  /** of these, those that failed and were followed by another */
  retries: number;
  answers: number;
  promptTokens: number;
  completionTokens: number;
  /** answers whose tokens the server did not count */
  estimated: number;
  /** times that a 429 or 503 named a time to wait for */
  holds: number;
}

export interface EndpointOptions {
  /** base address, as in http://127.0.0.1:8000/v1; nothing else is ever contacted, redirects are refused */
  readonly url: string;
  readonly model: string;
  /** sent as `Authorization: Bearer`; appears in no message and no file */
  readonly apiKey?: string;
  /** attempts after the first one */
  readonly retries?: number;
  /** seconds that one attempt may take, its body included */
  readonly timeout?: number;
  readonly budget?: { readonly requests?: number; readonly tokens?: number };
  /** after it nothing new is sent, waits end at once; an attempt that is under way runs to its end */
  readonly signal?: AbortSignal;
  /** told of every failed attempt and of every wait that the server asked for; holds no text of a request */
  readonly onTrouble?: (message: string) => void;
}

export interface Endpoint {
  readonly model: string;
  /** Throws {@link EndpointError}. */
  chat(request: ChatRequest): Promise<Answer>;
  /** Throws {@link EndpointError}. */
  complete(request: CompletionRequest): Promise<Answer>;
  readonly usage: Readonly<Usage>;
  close(): Promise<void>;
}
