// Addresses as they are shown and stored: nothing secret is in them, and what they name stays the same.
import { describe, expect, test } from 'vitest';
import { isRemote, nameSource, parseAddress, withoutSecrets } from '../../src/read/remote/address.js';
import { failureOf, RemoteFailure } from '../../src/read/remote/object.js';
import { newPatience } from '../../src/read/remote/retry.js';

const SIGNED =
  'https://host.example/a/b.jsonl.gz?X-Amz-Credential=AKID&X-Amz-Signature=secret1&x-amz-security-token=s3';

describe('without secrets', () => {
  test.each([
    [SIGNED, 'https://host.example/a/b.jsonl.gz'],
    ['https://user:pass@host.example:8080/a.jsonl#part', 'https://host.example:8080/a.jsonl'],
    ['https://h.example/a.parquet?sv=2020&se=2024&sr=b&sp=r&sig=abc%3D', 'https://h.example/a.parquet'],
    ['https://h.example/a?Expires=1&Signature=x&Key-Pair-Id=y', 'https://h.example/a'],
    ['https://h.example/a.csv?token=t&access_token=u&api_key=k', 'https://h.example/a.csv'],
    ['s3://bucket/a?b#c.jsonl', 's3://bucket/a?b#c.jsonl'],
    ['https://user:secret@:bad/x?y', 'https://:bad/x'],
    ['--source', '--source'],
    ['data/a.jsonl?x', 'data/a.jsonl?x'],
  ])('%s', (address, shown) => {
    expect(withoutSecrets(address)).toBe(shown);
  });

  test('what a query asks for counts, not who asks', () => {
    const of = (query: string): string => withoutSecrets(`https://h.example/get?${query}`);
    expect(of('id=7')).toMatch(/^https:\/\/h\.example\/get\?~[0-9a-f]{8}$/);
    expect(of('id=7&X-Amz-Signature=a')).toBe(of('id=7&X-Amz-Signature=b'));
    expect(of('id=7')).not.toBe(of('id=8'));
    // what is stored cannot be asked for
    expect(() => parseAddress(of('id=7'))).toThrow('had a query');
  });

  test('an address that is none does not come back in the error', () => {
    const error = (() => {
      try {
        return parseAddress('https://user:secret@:bad/x?sig=secret');
      } catch (thrown) {
        return thrown as Error;
      }
    })();
    expect(JSON.stringify([error, (error as Error).message])).not.toContain('secret');
  });
});

test('what is an address', () => {
  expect(['https://a/b', 'HTTP://a/b', 's3://b', 'hf://datasets/a/b'].every(isRemote)).toBe(true);
  expect(['./https://a/b', 'file:///a', 'gs://a', 'a.jsonl', '-'].some(isRemote)).toBe(false);
});

test('sources are called after the address', () => {
  expect(nameSource(SIGNED)).toBe('https://host.example/a/b.jsonl.gz');
  expect(nameSource('hf://datasets/owner/name@main')).toBe('hf://datasets/owner/name');
  expect(nameSource('https://h.example/a.jsonl?id=1')).toBe('https://h.example/a.jsonl');
});

test('revisions of the hub', () => {
  const of = (address: string): unknown => parseAddress(`hf://datasets/o/n${address}`);
  expect(of('')).toMatchObject({ dataset: 'o/n', revision: null, inside: '' });
  expect(of('@v1/a/b.jsonl')).toMatchObject({ revision: 'v1', inside: 'a/b.jsonl' });
  expect(of('@refs/pr/7/a')).toMatchObject({ revision: 'refs/pr/7', inside: 'a' });
  expect(of('@my%2Fbranch/a@b')).toMatchObject({ revision: 'my/branch', inside: 'a@b' });
});

describe('patience', () => {
  const waits: number[] = [];
  const wait = async (ms: number): Promise<void> => void waits.push(ms);
  test('seven tries in a row, longer and longer; a try that went on begins anew', async () => {
    const { failed } = newPatience(undefined, wait);
    const again = new RemoteFailure('again', 'no');
    for (let n = 0; n < 6; n++) await failed(again, 100);
    await failed(again, 1_000_000);
    for (let n = 0; n < 5; n++) await failed(again, 0);
    await expect(failed(again, 0)).rejects.toMatchObject({ kind: 'final', message: 'no, 7 times in a row' });
    expect(waits).toHaveLength(12);
    const most = [100, 400, 1600, 6400, 25_600, 60_000, 100, 400, 1600, 6400, 25_600, 60_000];
    waits.forEach((ms, n) => {
      expect(ms).toBeGreaterThanOrEqual(most[n]! / 2);
      expect(ms).toBeLessThanOrEqual(most[n]!);
    });
  });

  test('Retry-After in seconds and as a date', async () => {
    waits.length = 0;
    const { failed } = newPatience(undefined, wait);
    await failed(failureOf(503, '17'), 0);
    await failed(failureOf(429, new Date(Date.now() + 30_000).toUTCString()), 0);
    expect(waits[0]).toBe(17_000);
    expect(waits[1]).toBeGreaterThan(28_000);
    expect(waits[1]).toBeLessThanOrEqual(30_000);
  });
});
