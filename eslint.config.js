import tseslint from 'typescript-eslint';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';

/**
 * The walls between folders (docs/development.md). Each entry names what a folder must not import;
 * a rule is found in domain/, the order of things in workflows/, the outside world in adapters/.
 */
const wall = (files, forbidden) => ({
  files,
  ignores: ['**/*.test.ts'],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: forbidden.map(({ group, message, ...rest }) => ({ group, message, ...rest })) },
    ],
  },
});

const folders = (...names) => names.map((name) => `**/${name}/**`);
const nodeBuiltins = ['node:*'];

export default tseslint.config(
  { ignores: ['node_modules', '.ctc', 'cli/generated', 'coverage'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.mjs'] })],
    },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: true },
      ],
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  wall(
    ['domain/**/*.ts'],
    [
      {
        group: [
          ...folders(
            'adapters',
            'activities',
            'workflows',
            'api',
            'worker',
            'cli',
            'platform',
            'migrations',
          ),
          ...nodeBuiltins,
          '@temporalio/*',
          'knex',
          'pg',
          'fastify',
          '@fastify/*',
          '@kubernetes/*',
          'highs',
          'pino',
        ],
        message:
          'domain/ holds pure rules: it imports only itself, zod, temporal-polyfill and pure-rand.',
      },
    ],
  ),
  wall(
    ['workflows/**/*.ts'],
    [
      {
        group: [
          ...folders('adapters', 'api', 'worker', 'cli', 'platform', 'migrations'),
          ...nodeBuiltins,
          'knex',
          'pg',
          'fastify',
          '@fastify/*',
          'temporal-polyfill',
          '@temporalio/client',
          '@temporalio/worker',
          '@temporalio/activity',
        ],
        message:
          'workflows/ are deterministic: domain, @temporalio/workflow and activity types only.',
      },
      {
        group: folders('activities'),
        allowTypeImports: true,
        message: 'workflows/ import activities as types only.',
      },
    ],
  ),
  wall(
    ['activities/**/*.ts'],
    [
      {
        group: [
          ...folders('adapters', 'api', 'worker', 'cli', 'platform', 'migrations', 'workflows'),
          // The one table of what is retried is read where errors are mapped, too.
          '!**/workflows/failures.ts',
          'knex',
          'pg',
          'fastify',
          '@fastify/*',
          '@kubernetes/*',
          'highs',
        ],
        message: 'activities/ reach the outside only through the ports of domain/.',
      },
    ],
  ),
  wall(
    ['adapters/**/*.ts'],
    [
      {
        group: folders('activities', 'api', 'worker', 'cli', 'platform'),
        message: 'adapters/ import domain/ (and migrations/), never a process.',
      },
    ],
  ),
  wall(
    ['api/**/*.ts'],
    [
      {
        group: folders('worker', 'cli'),
        message: 'Nothing imports from another process’s folder.',
      },
    ],
  ),
  wall(
    ['worker/**/*.ts'],
    [{ group: folders('api', 'cli'), message: 'Nothing imports from another process’s folder.' }],
  ),
  wall(
    ['cli/**/*.ts'],
    [
      {
        group: folders('api', 'worker', 'activities', 'workflows', 'adapters'),
        message: 'The CLI talks to the API; only `ctc up` and `ctc migrate` start the platform.',
      },
    ],
  ),
  {
    files: ['**/*.test.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    files: ['bench/**/*.ts', 'tools/**', '**/*.js', '**/*.mjs', 'cli/**/*.ts', 'examples/**'],
    rules: { 'no-console': 'off' },
  },
  { files: ['**/*.js', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked] },
);
