import { describe, expect, it } from 'vitest';
import { isDomainError } from '../errors.ts';
import { changeTemplateSchema, fixedFields } from './template.ts';

const template = (request: object) =>
  changeTemplateSchema.parse({
    id: 'restart',
    title: 'Restart a node',
    expiresAt: '2027-01-01T00:00:00Z',
    request,
  });
const complaintsOf = (request: object): readonly string[] => {
  try {
    fixedFields(template(request));
  } catch (error) {
    if (isDomainError(error)) return error.complaints.map(({ field }) => field);
  }
  return [];
};

describe('the fields that a template fixes', () => {
  it('are as requests hold them, and no others', () => {
    expect(
      fixedFields(
        template({
          kind: 'infrastructure',
          runbook: {
            steps: [{ id: 'one', title: ' Restart ', expectedMinutes: 5 }],
            rollback: [{ id: 'back', title: 'Leave it out', expectedMinutes: 5 }],
          },
        }),
      ),
    ).toMatchObject({ kind: 'infrastructure', runbook: { steps: [{ title: 'Restart' }] } });
    expect(fixedFields(template({ kind: 'release', application: 'shop' }))).toEqual({
      kind: 'release',
      application: 'shop',
    });
  });

  it('are refused where no request could have them, by their names', () => {
    expect(complaintsOf({ kind: 'infrastructure', window: {}, title: 'Mine' })).toEqual([
      'request.title',
      'request.window',
    ]);
    expect(complaintsOf({ kind: 'infrastructure', steps: [] })).toEqual(['request.steps']);
    expect(complaintsOf({ kind: 'release', steps: ['x'] })).toEqual(['request']);
  });
});
