import type { Knex } from 'knex';

/** How the runbooks that people carry out went: each try of each step, and what shows that it was done. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table runbook_step (
      change_id uuid not null,
      step text not null,
      try integer not null,
      state text not null,
      started_at timestamptz,
      started_by text,
      started_as text,
      due_at timestamptz,
      ended_at timestamptz,
      ended_by text,
      ended_as text,
      reason text,
      evidence text,
      evidence_kind text,
      constraint runbook_step_pkey primary key (change_id, step, try),
      constraint runbook_step_change_fkey foreign key (change_id) references change (id),
      constraint runbook_step_started_by_fkey foreign key (started_by) references principal (id),
      constraint runbook_step_ended_by_fkey foreign key (ended_by) references principal (id),
      constraint runbook_step_state_known
        check (state in ('running', 'done', 'failed', 'skipped', 'stopped')),
      constraint runbook_step_roles_known check (
        started_as in ('assignee', 'implementer', 'coordinator')
        and ended_as in ('assignee', 'implementer', 'coordinator')),
      constraint runbook_step_counted_from_one check (try >= 1),
      constraint runbook_step_ended_or_running check ((state = 'running') = (ended_at is null)),
      constraint runbook_step_begun_unless_skipped check (state = 'skipped' or started_at is not null),
      constraint runbook_step_evidence_has_kind check ((evidence is null) = (evidence_kind is null)),
      constraint runbook_step_evidence_kind_known check (evidence_kind in ('text', 'url'))
    );
    create index runbook_step_running_idx on runbook_step (change_id) where state = 'running';
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop table runbook_step;');
}
