#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
const major = Number(process.versions.node.split('.')[0]);
if (major >= 24) {
  await import('./main.ts');
} else {
  console.error(
    `ctc: this is Node.js ${process.versions.node}, and CTC needs 24 or newer. "npm run ctc -- …" brings its own.`,
  );
  process.exitCode = 1;
}
