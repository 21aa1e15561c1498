import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdTable } from './id-table.ts';

/** Of all lengths, often alike. */
const anyId = fc.string({ unit: fc.constantFrom('a', 'b', 'ñ'), maxLength: 4 });
const anyStep = fc.oneof(
  { weight: 8, arbitrary: fc.record({ append: anyId }) },
  { weight: 1, arbitrary: fc.record({ add: anyId }) },
  { weight: 2, arbitrary: fc.record({ find: anyId }) },
  { weight: 1, arbitrary: fc.record({ remove: anyId }) },
);

describe('the table of ids', () => {
  it('gives each id its number, however ids were added, appended and removed', () => {
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 300, size: 'max' }),
        fc.constantFrom(0, 400),
        (steps, expected) => {
          const table = createIdTable(expected);
          const known = new Map<string, number>();
          const texts: string[] = [];
          const isNew = (id: string): boolean => !known.has(id);
          for (const step of steps) {
            if ('find' in step) {
              expect(table.findText(step.find)).toBe(known.get(step.find) ?? -1);
            } else if ('remove' in step) {
              const number = known.get(step.remove);
              if (number !== undefined) table.remove(number);
              known.delete(step.remove);
            } else if ('add' in step) {
              const next = known.get(step.add) ?? texts.length;
              if (isNew(step.add)) texts.push(step.add);
              known.set(step.add, next);
              expect(table.addText(step.add)).toBe(next);
            } else if (isNew(step.append)) {
              const bytes = new TextEncoder().encode(`-${step.append}-`);
              known.set(step.append, texts.length);
              expect(table.append(bytes, 1, bytes.length - 1)).toBe(texts.length);
              texts.push(step.append);
            }
          }
          expect(table.size).toBe(texts.length);
          for (const [id, number] of known) {
            const bytes = new TextEncoder().encode(id);
            expect(table.findText(id)).toBe(number);
            if (texts.length > known.size) continue; // some were removed
            for (const near of [-1, number - 1, number, number + 1, texts.length]) {
              expect(table.findNear(bytes, 0, bytes.length, near)).toBe(number);
            }
          }
          texts.forEach((id, number) => expect(table.text(number)).toBe(id));
        },
      ),
      { numRuns: 1000, seed: 20261126 },
    );
  });
});
