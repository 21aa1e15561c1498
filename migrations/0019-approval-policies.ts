import type { Knex } from 'knex';

/** Which approvals a change needs, as versioned data; who may stand in for whom; and what holds under any program. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table approval_policy (
      id text not null,
      version integer not null,
      definition jsonb not null,
      reason text not null,
      proposed_by text not null,
      proposed_at timestamptz not null,
      approved_by text,
      approved_at timestamptz,
      retired_by text,
      retired_at timestamptz,
      constraint approval_policy_pkey primary key (id, version),
      constraint approval_policy_version_counted check (version > 0),
      constraint approval_policy_approval_whole check ((approved_by is null) = (approved_at is null)),
      constraint approval_policy_retirement_whole check ((retired_by is null) = (retired_at is null)),
      constraint approval_policy_four_eyes check (approved_by <> proposed_by)
    );
    -- What was proposed is never rewritten: another wording is another version.
    create function approval_policy_guard() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        if (new.id, new.version, new.definition, new.proposed_by, new.proposed_at)
            is not distinct from (old.id, old.version, old.definition, old.proposed_by, old.proposed_at)
          and (old.approved_at is null
            or (new.approved_by, new.approved_at) is not distinct from (old.approved_by, old.approved_at))
        then return new; end if;
      end if;
      raise exception 'version % of % is on record: propose another version', old.version, old.id
        using errcode = 'insufficient_privilege';
    end $$;
    create trigger approval_policy_kept before update or delete on approval_policy
      for each row execute function approval_policy_guard();

    -- Standard changes, approved once for many times until it expires.
    create table change_template (
      id text not null,
      version integer not null,
      definition jsonb not null,
      reason text not null,
      proposed_by text not null,
      proposed_at timestamptz not null,
      approved_by text,
      approved_at timestamptz,
      retired_by text,
      retired_at timestamptz,
      constraint change_template_pkey primary key (id, version),
      constraint change_template_version_counted check (version > 0),
      constraint change_template_approval_whole check ((approved_by is null) = (approved_at is null)),
      constraint change_template_retirement_whole check ((retired_by is null) = (retired_at is null)),
      constraint change_template_four_eyes check (approved_by <> proposed_by)
    );
    create trigger change_template_kept before update or delete on change_template
      for each row execute function approval_policy_guard();
    insert into principal (id, name, email, kind, created_at) values
      ('change-template', 'A template of standard changes', 'change-template@localhost', 'system', now())
    on conflict (id) do nothing;

    create table approval_delegation (
      id uuid not null,
      delegator text not null,
      delegate text not null,
      valid_from timestamptz not null,
      valid_until timestamptz not null,
      reason text not null,
      created_at timestamptz not null,
      ended_by text,
      ended_at timestamptz,
      constraint approval_delegation_pkey primary key (id),
      constraint approval_delegation_delegator_fkey foreign key (delegator) references principal (id),
      constraint approval_delegation_delegate_fkey foreign key (delegate) references principal (id),
      constraint approval_delegation_to_another check (delegator <> delegate),
      constraint approval_delegation_forward check (valid_from < valid_until)
    );
    create index approval_delegation_delegate_idx on approval_delegation (delegate, valid_until);
    create index approval_delegation_delegator_idx on approval_delegation (delegator, valid_until);

    create table risk_treatment (
      change_id uuid not null,
      plan_hash text not null,
      option text not null,
      description text not null,
      decided_by text not null,
      decided_at timestamptz not null,
      constraint risk_treatment_pkey primary key (change_id, plan_hash),
      constraint risk_treatment_change_fkey foreign key (change_id) references change (id),
      constraint risk_treatment_decided_by_fkey foreign key (decided_by) references principal (id),
      constraint risk_treatment_option_known check (option in ('modify', 'retain', 'avoid', 'share'))
    );

    -- What was begun before it was approved in full: by when somebody is to say whether that was right, and what they said.
    alter table change add justify_by timestamptz;
    alter table change add justified_at timestamptz;
    alter table change add justification text;
    alter table change add constraint change_justification_known
      check (justification in ('justified', 'not-justified'));
    create index change_unjustified_idx on change (justify_by) where justify_by is not null and justified_at is null;
    create table justification (
      change_id uuid not null,
      number bigint generated always as identity,
      decided_by text not null,
      on_behalf_of text,
      decision text not null,
      reason text not null,
      seats jsonb not null,
      held jsonb not null,
      decided_at timestamptz not null,
      constraint justification_pkey primary key (change_id, decided_by),
      constraint justification_change_fkey foreign key (change_id) references change (id),
      constraint justification_decided_by_fkey foreign key (decided_by) references principal (id),
      constraint justification_decision_known check (decision in ('justified', 'not-justified'))
    );

    alter table change add approvals_needed integer not null default 1;
    alter table change add constraint change_approvals_needed_some check (approvals_needed > 0);

    -- Instants may be the same; the order of decisions counts.
    alter table approval add number bigint generated always as identity;
    alter table approval add on_behalf_of text;
    -- For what it counted, and as whom the approver was known at that moment.
    alter table approval add seats jsonb;
    alter table approval add held jsonb;
    alter table approval add constraint approval_on_behalf_of_fkey foreign key (on_behalf_of) references principal (id);
    alter table approval add constraint approval_on_behalf_of_another check (on_behalf_of <> decided_by);
    create unique index approval_signature_key on approval (change_id, plan_hash, coalesce(on_behalf_of, decided_by));

    -- Separation of duties, whatever program writes: nobody decides on what they asked for, in any capacity.
    create function approval_guard() returns trigger language plpgsql as $$
    declare
      asked change;
    begin
      if tg_op <> 'INSERT' then
        raise exception 'a decision is on record for good' using errcode = 'insufficient_privilege';
      end if;
      select * into strict asked from change where id = new.change_id;
      if asked.requester in (new.decided_by, new.on_behalf_of) then
        raise exception '% requested the change and cannot decide on it', asked.requester
          using errcode = 'insufficient_privilege', constraint = 'approval_not_own';
      end if;
      if asked.plan_hash is distinct from new.plan_hash then
        raise exception 'the plan of the change is another one by now'
          using errcode = 'insufficient_privilege', constraint = 'approval_of_plan';
      end if;
      if exists (select from principal where id = new.decided_by and disabled_at is not null) then
        raise exception '% is disabled', new.decided_by
          using errcode = 'insufficient_privilege', constraint = 'approval_by_enabled';
      end if;
      return new;
    end $$;
    create trigger approval_separation before insert or update or delete on approval
      for each row execute function approval_guard();

    create function justification_guard() returns trigger language plpgsql as $$
    declare
      asked change;
    begin
      if tg_op <> 'INSERT' then
        raise exception 'a justification is on record for good' using errcode = 'insufficient_privilege';
      end if;
      select * into strict asked from change where id = new.change_id;
      if asked.requester in (new.decided_by, new.on_behalf_of) then
        raise exception '% requested the change and cannot justify it', asked.requester
          using errcode = 'insufficient_privilege', constraint = 'justification_not_own';
      end if;
      return new;
    end $$;
    create trigger justification_separation before insert or update or delete on justification
      for each row execute function justification_guard();

    create function change_approval_guard() returns trigger language plpgsql as $$
    begin
      if new.requester <> old.requester then
        raise exception 'who requested a change does not change'
          using errcode = 'insufficient_privilege', constraint = 'change_requester_kept';
      end if;
      if old.state = 'awaiting-approval' and new.state = 'scheduled' and (
        select count(distinct coalesce(on_behalf_of, decided_by)) from approval
        where change_id = new.id and plan_hash = new.plan_hash and decision = 'approved'
      ) < new.approvals_needed then
        raise exception 'the change lacks approvals: % are needed', new.approvals_needed
          using errcode = 'insufficient_privilege', constraint = 'change_approvals_given';
      end if;
      return new;
    end $$;
    create trigger change_approvals_given before update of state, requester on change
      for each row execute function change_approval_guard();
  `);
  await knex('approval_policy').insert(
    shippedPolicies.map((definition) => ({
      id: definition.id,
      version: 1,
      definition: JSON.stringify(definition),
      reason: 'Shipped with CTC',
      proposed_by: 'ctc',
      proposed_at: knex.fn.now(),
      approved_by: 'installation',
      approved_at: knex.fn.now(),
    })),
  );
}

const deciders = ['change-manager', 'operator', 'security-officer'];

/** What a company begins with; each is replaced by a version of its own. */
const shippedPolicies = [
  {
    id: 'every-change',
    title: 'Somebody other than the requester approves every change',
    steps: [{ name: 'approver', anyOf: [{ roles: deciders }] }],
  },
  {
    id: 'many-services-down',
    title: 'Two people approve what takes a thousand services down',
    when: { classes: ['standard', 'normal'], servicesDown: 1000 },
    steps: [{ name: 'approvers', anyOf: [{ roles: deciders, quorum: 2 }] }],
  },
  {
    id: 'emergencies',
    title: 'An emergency is justified afterwards',
    when: { classes: ['emergency'], requestedBy: 'person' },
    review: true,
    afterwards: {
      withinHours: 72,
      steps: [
        { name: 'justification', anyOf: [{ roles: ['change-manager', 'security-officer'] }] },
      ],
    },
  },
];

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    drop trigger change_approvals_given on change;
    drop trigger approval_separation on approval;
    drop table justification;
    drop function change_approval_guard, approval_guard, justification_guard;
    drop index approval_signature_key;
    alter table approval drop number, drop on_behalf_of, drop seats, drop held;
    alter table change drop approvals_needed, drop justify_by, drop justified_at, drop justification;
    drop table risk_treatment, approval_delegation, change_template, approval_policy;
    drop function approval_policy_guard;
  `);
}
