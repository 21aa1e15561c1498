import { Command, Option } from 'commander';
import { addAccessCommands } from './commands/access-commands.ts';
import { addAccountCommands } from './commands/account-commands.ts';
import { addGrantCommands } from './commands/grant-commands.ts';
import { addPrincipalCommands } from './commands/principal-commands.ts';
import { addAcsmiCommands } from './commands/acsmi-commands.ts';
import { addApplicationCommands } from './commands/application-commands.ts';
import { addAgendaCommands } from './commands/approval-commands.ts';
import { addChangeCommands } from './commands/change-commands.ts';
import { addActionCommands } from './commands/action-commands.ts';
import { addEventCommands } from './commands/event-commands.ts';
import { addFreezeCommands } from './commands/freeze-commands.ts';
import { addGuardianCommands } from './commands/guardian-commands.ts';
import { addImpactCommands } from './commands/impact-commands.ts';
import { addIncidentCommands } from './commands/incident-commands.ts';
import { addInventoryCommands } from './commands/inventory-commands.ts';
import { addLineCommands } from './commands/line-commands.ts';
import { addLogCommands } from './commands/log-commands.ts';
import { addProblemCommands } from './commands/problem-commands.ts';
import { addRiskCommands } from './commands/risk-commands.ts';
import { addPolicyCommands, addTemplateCommands } from './commands/policy-commands.ts';
import { addSimulationCommands } from './commands/simulation-commands.ts';
import { addStackCommands } from './commands/stack-commands.ts';
import { addTokenCommands } from './commands/token-commands.ts';
import { addWindowCommands } from './commands/window-commands.ts';
import { outputFormats } from './output.ts';

/** Every command of `ctc`; throws instead of ending the process. */
export function buildProgram(): Command {
  const program = new Command('ctc')
    .description('Change Tracking Centre: every change to production, from request to review')
    .addOption(new Option('--api-url <url>', 'where the API answers').env('CTC_API_URL'))
    .option(
      '--as <principal>',
      'act with the token kept for this principal (default: CTC_TOKEN, then administrator)',
    )
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(outputFormats).default('table'),
    )
    .addOption(
      new Option('--data-dir <directory>', 'the embedded system’s data, and kept tokens')
        .env('CTC_DATA_DIR')
        .default('.ctc'),
    )
    .showHelpAfterError('(ctc --help lists the commands)')
    .exitOverride();
  addChangeCommands(program);
  addApplicationCommands(program);
  addGuardianCommands(program);
  addEventCommands(program);
  addIncidentCommands(program);
  addActionCommands(program);
  addProblemCommands(program);
  addRiskCommands(program);
  addInventoryCommands(program);
  addAcsmiCommands(program);
  addImpactCommands(program);
  addPolicyCommands(program);
  addTemplateCommands(program);
  addAgendaCommands(program);
  addFreezeCommands(program);
  addLineCommands(program);
  addLogCommands(program);
  addSimulationCommands(program);
  addWindowCommands(program);
  addAccessCommands(program);
  addPrincipalCommands(program);
  addGrantCommands(program);
  addTokenCommands(program);
  addAccountCommands(program);
  addStackCommands(program);
  // Subcommands do not inherit it.
  const override = (command: Command): void => {
    command.exitOverride();
    command.commands.forEach(override);
  };
  override(program);
  return program;
}
