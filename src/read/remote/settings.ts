// What the environment says about remote inputs. The AWS client reads its own.

export interface Settings {
  /** where S3 is, when it is not Amazon's */
  readonly s3Endpoint: string | undefined;
  readonly s3Region: string | undefined;
  /** sign no request to S3, even where there are credentials */
  readonly s3Anonymous: boolean;
  readonly hubUrl: string;
  readonly hubToken: string | undefined;
}

/** Read each time an input is opened; an empty variable counts as none. */
export function settings(env: NodeJS.ProcessEnv = process.env): Settings {
  const of = (...names: string[]): string | undefined => names.map((name) => env[name]?.trim()).find(Boolean);
  return {
    s3Endpoint: of('AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'),
    s3Region: of('AWS_REGION', 'AWS_DEFAULT_REGION'),
    s3Anonymous: /^(?:1|yes|true|on)$/i.test(of('AWS_NO_SIGN_REQUEST') ?? ''),
    hubUrl: (of('HF_ENDPOINT') ?? 'https://huggingface.co').replace(/\/+$/, ''),
    hubToken: of('HF_TOKEN'),
  };
}
