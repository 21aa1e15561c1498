import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** The requirements of ASVS 5.0.0 by level: `1.2.1,2` are 1.2.1 and 1.2.2. */
const numbers = {
  1: `
  1.2.1,2,3,4,5 1.3.1,2 1.5.1 2.1.1 2.2.1,2 2.3.1 3.2.1,2 3.3.1 3.4.1,2 3.5.1,2,3 4.1.1 4.4.1
  5.2.1,2 5.3.1,2 6.1.1 6.2.1,2,3,4,5,6,7,8 6.3.1,2 6.4.1,2 7.2.1,2,3,4 7.4.1,2 8.1.1 8.2.1,2
  8.3.1 9.1.1,2,3 9.2.1 10.4.1,2,3,4,5 11.3.1,2 11.4.1 12.1.1 12.2.1,2 13.4.1 14.2.1 14.3.1
  15.1.1 15.2.1 15.3.1
  `,
  2: `
  1.1.1,2 1.2.6,7,8,9 1.3.3,4,5,6,7,8,9,10,11 1.4.1,2,3 1.5.2 2.1.2,3 2.2.3 2.3.2,3,4 2.4.1
  3.3.2,3,4 3.4.3,4,5,6 3.5.4,5 3.7.1,2 4.1.2,3 4.2.1 4.3.1,2 4.4.2,3,4 5.1.1 5.2.3 5.4.1,2,3
  6.1.2,3 6.2.9,10,11,12 6.3.3,4 6.4.3,4 6.5.1,2,3,4,5 6.6.1,2,3 6.8.1,2,3,4 7.1.1,2,3 7.3.1,2
  7.4.3,4,5 7.5.1,2 7.6.1,2 8.1.2 8.2.3 8.4.1 9.2.2,3,4 10.1.1,2 10.2.1,2 10.3.1,2,3,4
  10.4.6,7,8,9,10,11 10.5.1,2,3,4,5 10.6.1,2 10.7.1,2,3 11.1.1,2 11.2.1,2,3 11.3.3 11.4.2,3,4
  11.5.1 11.6.1 12.1.2,3 12.3.1,2,3,4 13.1.1 13.2.1,2,3,4,5 13.3.1,2 13.4.2,3,4,5 14.1.1,2
  14.2.2,3,4 14.3.2,3 15.1.2,3 15.2.2,3 15.3.2,3,4,5,6,7 16.1.1 16.2.1,2,3,4,5 16.3.1,2,3,4
  16.4.1,2,3 16.5.1,2,3 17.1.1 17.2.1,2,3,4 17.3.1,2
  `,
} as const;

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const document = read('docs/security/asvs.md');

const verdicts = ['pass', 'n/a', 'gap'];
const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const rows = document
  .split('\n')
  .filter((line) => /^\| \d+\.\d+\.\d+ /.test(line))
  .map(cellsOf)
  .map(([number = '', level = '', about = '', verdict = '', why = '', ...more]) => ({
    ...{ number, level, about, verdict, why, more },
  }));
const passes = rows.filter(({ verdict }) => verdict === 'pass');
/** Paths in backquotes. */
const filesOf = (why: string): string[] =>
  [...why.matchAll(/`([^`\s]+)`/g)]
    .map(([, name = '']) => name)
    .filter((name) =>
      /^[\w.-]+\/[\w./-]+$|^[\w.-]+\.(ts|js|json|yml)$|^\.\w+|^Dockerfile$/.test(name),
    );

describe('docs/security/asvs.md', () => {
  it('has every requirement of level 1 and 2 once, in its chapter and in order', () => {
    const asked = Object.entries(numbers).flatMap(([level, list]) =>
      list
        .trim()
        .split(/\s+/)
        .flatMap((group) => {
          const [first = '', ...others] = group.split(',');
          const section = first.slice(0, first.lastIndexOf('.'));
          return [first, ...others.map((last) => `${section}.${last}`)];
        })
        .map((number) => `${number} ${level}`),
    );
    expect(asked).toHaveLength(70 + 183);
    const inOrder = (one: string, other: string): number =>
      one.localeCompare(other, 'en', { numeric: true });
    expect(rows.map(({ number, level }) => `${number} ${level}`)).toEqual([...asked].sort(inOrder));
    const chapters = document.split(/^## (?=\d)/m).slice(1);
    for (const chapter of chapters) {
      const number = chapter.slice(0, chapter.indexOf('.'));
      for (const [, own] of chapter.matchAll(/^\| (\d+)\.\d+\.\d+ /gm)) expect(own).toBe(number);
    }
    expect(chapters).toHaveLength(17);
  });

  it('says of each what it is about, a known verdict, and why', () => {
    for (const { number, about, verdict, why, more } of rows) {
      expect(verdicts, number).toContain(verdict);
      expect(about, number).not.toBe('');
      expect(why, number).not.toBe('');
      expect(more, number).toEqual([]);
    }
  });

  it('counts them rightly', () => {
    for (const verdict of [...verdicts, 'all']) {
      const counted = (level?: string): string =>
        String(
          rows.filter(
            (row) =>
              (verdict === 'all' || row.verdict === verdict) &&
              (level === undefined || row.level === level),
          ).length,
        );
      const line = document.split('\n').find((one) => one.startsWith(`| ${verdict} `)) ?? '';
      expect(cellsOf(line)).toEqual([verdict, counted('1'), counted('2'), counted()]);
    }
  });

  it('names of each pass what does it, and the test (or document) that shows it', () => {
    for (const { number, why } of passes) {
      const files = filesOf(why);
      for (const file of files)
        expect(existsSync(join(root, file)), `${number} ${file}`).toBe(true);
      const isDocumentation =
        /^\d+\.1\./.test(number) && files.some((file) => file.includes('docs/'));
      const shows = files.filter((file) => file.endsWith('.test.ts'));
      expect(shows.length > 0 || isDocumentation, number).toBe(true);
      const does = files.filter((file) => !shows.includes(file));
      expect(does.length, number).toBeGreaterThan(0);
    }
  });

  it('quotes titles of tests, and words of documents, that are there', () => {
    let quotes = 0;
    for (const { number, why } of passes) {
      const texts = filesOf(why)
        .filter((file) => /\.(ts|md)$/.test(file))
        .map(read);
      for (const [, quoted = ''] of why.matchAll(/“([^”]+)”/g)) {
        const words = quoted.replace(/ …$/, '');
        expect(
          texts.some((text) => text.includes(words)),
          `${number} ${quoted}`,
        ).toBe(true);
        quotes += 1;
      }
    }
    expect(quotes).toBeGreaterThan(passes.length / 2);
  });
});
