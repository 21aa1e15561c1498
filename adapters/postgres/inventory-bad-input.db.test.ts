import { Readable } from 'node:stream';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inventoryColumns } from '../../domain/inventory/inventory-kinds.ts';
import { badLinesKept } from '../../domain/inventory/ports.ts';
import {
  complaints,
  createTestInventory,
  csv,
  manyRows,
  smallCompany,
  type TestInventory,
} from '../../test/support/inventory-imports.ts';

const customerColumns = 'id,name,country,contract_level';
const dependencyColumns = 'dependent,group,needs,member';

let inventory: TestInventory;
beforeAll(async () => {
  inventory = await createTestInventory();
});
afterAll(async () => inventory.drop());
beforeEach(async () => {
  await inventory.empty();
  await inventory.run(smallCompany);
});

/** What the import complains about, after making sure that it changed nothing. */
async function refused(files: Parameters<TestInventory['run']>[0]): Promise<string[]> {
  const before = await inventory.everything();
  const report = await inventory.run(files);
  expect(report.imported).toBe(false);
  expect(await inventory.everything()).toEqual(before);
  return complaints(report);
}

describe('files in another encoding', () => {
  const text = csv(customerColumns, 'eins,Größe,ES,gold', 'zwei,Plain,ES,gold');

  it('in Latin-1 are refused by the lines that show it', async () => {
    expect(await refused({ customers: Buffer.from(text, 'latin1') })).toEqual([
      'customers 2: is not valid UTF-8; save the file as UTF-8 and import it again',
    ]);
  });

  it.each([
    ['little-endian', (bytes: Buffer) => bytes],
    ['big-endian', (bytes: Buffer) => bytes.swap16()],
  ])('in UTF-16, %s, with a byte order mark are refused with one complaint', async (_, turn) => {
    expect(await refused({ customers: turn(Buffer.from(`\uFEFF${text}`, 'utf16le')) })).toEqual([
      'customers 1: is not valid UTF-8; save the file as UTF-8 and import it again',
    ]);
  });

  it('in UTF-16 without a mark are refused with one complaint', async () => {
    expect(await refused({ customers: Buffer.from(text, 'utf16le') })).toEqual([
      'customers 1: is UTF-16 or no text; save the file as UTF-8 and import it again',
    ]);
  });

  it('in UTF-8 with a byte order mark and Windows line ends are taken', async () => {
    const report = await inventory.run({ customers: `\uFEFF${text.replaceAll('\n', '\r\n')}` });
    expect(report.counts.customers).toMatchObject({ inserted: 2 });
    expect(await inventory.db('customer').where({ id: 'eins' }).first('name')).toEqual({
      name: 'Größe',
    });
  });

  it('may hold a name that looks like code, and store it as it is', async () => {
    const names = [
      `Robert'); drop table node;--`,
      '\\N',
      '\\.',
      'a\\tb',
      '=cmd()',
      'semi;colon',
      ':name ?',
    ];
    await inventory.run({
      customers: manyRows(customerColumns, names.length, (i) => `n-${i},${names[i]},ES,gold`),
    });
    expect(
      await inventory.db('customer').where('id', 'like', 'n-%').orderBy('id').pluck('name'),
    ).toEqual(names);
  });
});

describe('quotes', () => {
  it('are read where they stand right, and cost one line where they do not', async () => {
    const right = csv(
      customerColumns,
      'a,"A, ""the"" one",ES,gold',
      '"b","B","ES","gold"',
      'c, "C" ,ES,gold',
    );
    expect((await inventory.run({ customers: right })).counts.customers).toMatchObject({
      inserted: 3,
    });
    expect(
      await inventory.db('customer').whereIn('id', ['a', 'b', 'c']).orderBy('id').pluck('name'),
    ).toEqual(['A, "the" one', 'B', 'C']);
    const stray =
      'has a stray double quote; quote whole values, and double a quote inside one ("")';
    expect(
      await refused({
        customers: csv(
          customerColumns,
          'd,"open,ES,gold',
          'e,in"side,ES,gold',
          'f,"F"x,ES,gold',
          'g,G,ES,gold',
          'h,"also open,ES,gold',
        ),
      }),
    ).toEqual([2, 3, 4, 6].map((line) => `customers ${line}: ${stray}`));
  });
});

describe('what is given twice', () => {
  it('is refused with both lines, whether it is new, stored, or a dependency', async () => {
    expect(
      await refused({
        customers: csv(
          customerColumns,
          'new,New,ES,gold',
          'acme,Acme,ES,gold',
          'new,New,ES,gold',
          'acme,"Acme, S.L.",ES,gold',
          'new,Newer,ES,gold',
        ),
        items: csv(
          'id,kind,name,datacentre,department',
          'sw-1,switch,Switch 1,mad,network',
          'sw-1,switch,Switch 1,mad,network',
        ),
        dependencies: csv(
          dependencyColumns,
          'hv-1,uplink,1,sw-1',
          'hv-1,uplink,1,sw-1',
          'hv-1,power,1,sw-1',
        ),
      }),
    ).toEqual([
      'customers 4 id: "new" stands in line 2 already; keep one of the two',
      'customers 5 id: "acme" stands in line 3 already; keep one of the two',
      'customers 6 id: "new" stands in line 2 already; keep one of the two',
      'items 3 id: "sw-1" stands in line 2 already; keep one of the two',
      'dependencies 3 member: "hv-1 uplink sw-1" stands in line 2 already; keep one of the two',
    ]);
  });
});

describe('dependencies', () => {
  it('are refused where they dangle, are of themselves, ask too much or contradict', async () => {
    expect(
      await refused({
        dependencies: csv(
          dependencyColumns,
          'hv-1,a,1,nobody',
          'nobody,a,1,sw-1',
          'hv-1,b,3,sw-1',
          'hv-1,b,3,sw-2',
          'site-1,c,2,sw-1',
          'site-1,c,1,sw-2',
          'site-1,c,,hv-1',
        ),
      }),
    ).toEqual([
      'dependencies 2 member: there is no item or service "nobody"; correct the id, or add it to items or services',
      'dependencies 3 dependent: there is no item or service "nobody"; correct the id, or add it to items or services',
      'dependencies 4 needs: group "b" of "hv-1" needs 3 of its 2 members; add members or lower needs',
      'dependencies 7 needs: group "c" of "site-1" needs 1 here and 2 in line 6; give the whole group one number',
    ]);
    // As plain lines and quoted ones.
    expect(
      await refused({
        dependencies: csv(dependencyColumns, 'hv-1,a,1,hv-1', '"hv-1",a,1,hv-1', 'hv-1,a,0,sw-1'),
      }),
    ).toEqual([
      'dependencies 2 member: "hv-1": depends on itself; name what it really needs, or leave the line out',
      'dependencies 3 member: "hv-1": depends on itself; name what it really needs, or leave the line out',
      'dependencies 4 needs: "0": use 1 or more, or leave it empty to need every member',
    ]);
  });

  it('complete an empty needs from the group, or to every member', async () => {
    await inventory.run({
      dependencies: csv(
        dependencyColumns,
        'hv-1,some,,sw-1',
        'hv-1,some,1,sw-2',
        'hv-1,all,,sw-1',
        'hv-1,all,,sw-2',
      ),
    });
    expect(
      await inventory
        .db('requirement')
        .where({ dependent: 'hv-1' })
        .distinct()
        .orderBy('group_name')
        .select('group_name', 'needs'),
    ).toEqual([
      { group_name: 'all', needs: 2 },
      { group_name: 'some', needs: 1 },
    ]);
  });
});

describe('a hundred thousand bad lines', () => {
  const count = 100_000;
  it.each<[string, (i: number) => string, RegExp]>([
    ['that break the schema', (i) => `c-${i},Customer,Spain,gold`, /"Spain": use the two-letter/],
    ['with stray quotes', (i) => `c-${i},"Customer,ES,gold`, /stray double quote/],
    ['with too few cells', (i) => `c-${i},Customer,ES`, /has 3 cells/],
    ['that are no UTF-8', (i) => `c-${i},Se\xf1or,ES,gold`, /not valid UTF-8/],
  ])('%s: the first are named, all are counted', async (_, row, message) => {
    const file = Buffer.from(manyRows(customerColumns, count, row), 'latin1');
    // As an upload comes.
    const chunks = Array.from({ length: Math.ceil(file.length / 65_536) }, (_unused, i) =>
      file.subarray(i * 65_536, (i + 1) * 65_536),
    );
    const report = await inventory.run({ customers: Readable.from(chunks) });
    expect(report).toMatchObject({ imported: false, badLineCount: count });
    expect(report.badLines.map(({ line }) => line)).toEqual(
      Array.from({ length: badLinesKept }, (_unused, i) => i + 2),
    );
    expect(report.badLines.every((bad) => message.test(bad.message))).toBe(true);
  });

  it('that only the rows together show: the first of each fault are named, all are counted', async () => {
    const report = await inventory.run({
      dependencies: manyRows(dependencyColumns, count, (i) => `hv-1,g-${i},1,x-${i}`),
    });
    expect(report).toMatchObject({ imported: false, badLineCount: count });
    expect(report.badLines).toHaveLength(badLinesKept);
    expect(report.badLines[0]).toMatchObject({ line: 2, column: 'member' });
  });

  it('of which the worst stand at the end of a piece of the stream: the first lines are named', async () => {
    // Stray quotes are found before the schema's complaints.
    const report = await inventory.run({
      customers: manyRows(customerColumns, 3000, (i) =>
        i < 1500 ? `c-${i},Customer,Spain,gold` : `c-${i},"Customer,ES,gold`,
      ),
    });
    expect(report.badLineCount).toBe(3000);
    expect(report.badLines.at(-1)).toMatchObject({ line: badLinesKept + 1 });
  });
});

describe('the fast way and the thorough way', () => {
  const slug = fc.stringMatching(/^[a-d0-9]([a-d0-9._-]{0,3}[a-d0-9])?$/);
  const name = fc.oneof(
    fc.constantFrom('Site', '\\N', '\\t', ' padded ', 'Correo y más', '漢字 😀', 'a\u00a0', ''),
    fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => text.replace(/[\n\r",]/g, '')),
  );
  const service = fc.tuple(slug, name, fc.constant('hosting'), fc.constantFrom('acme', 'nobody'));
  const node = fc.constantFrom('sw-1', 'sw-2', 'hv-1', 'site-1', 'x');
  const dependency = fc.tuple(
    node,
    fc.constantFrom('a', 'b'),
    fc.constantFrom('1', '1', '1', '2', '', '0'),
    node,
  );

  it.each([
    ['services', service],
    ['dependencies', dependency],
  ] as const)('store and complain alike about random lines of %s', async (kind, row) => {
    const columns = inventoryColumns(kind);
    const turned = [...columns].reverse();
    let imported = 0;
    const outcome = async (file: string) => {
      await inventory.db.raw('truncate requirement, node cascade');
      await inventory.run(smallCompany);
      const report = await inventory.run({ [kind]: file });
      if (report.imported) imported += 1;
      const rows = await inventory.db.raw<{ rows: object[] }>(
        kind === 'services'
          ? 'select id, name, solution, customer from service order by id'
          : 'select dependent, group_name, needs, member from requirement order by 1, 2, 4',
      );
      return {
        rows: rows.rows,
        counts: report.counts,
        complaints: complaints(report).sort(),
      };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array<readonly string[]>(row, { minLength: 1, maxLength: 4 }),
        async (rows) => {
          const fast = await outcome(csv(columns.join(), ...rows.map((cells) => cells.join())));
          const reordered = rows.map((cells) => [...cells].reverse().join());
          expect(await outcome(csv(turned.join(), ...reordered))).toEqual(fast);
          const [first = [], ...others] = rows;
          const quoted = [first.map((cell) => `"${cell}"`), ...others].map((cells) => cells.join());
          expect(await outcome(csv(columns.join(), ...quoted))).toEqual(fast);
        },
      ),
      { numRuns: 25 },
    );
    expect(imported).toBeGreaterThan(0);
  });
});
