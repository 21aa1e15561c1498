/** The themes of Annex A of ISO/IEC 27001:2022, by the number before the point. */
export const themes = {
  5: 'organisational',
  6: 'people',
  7: 'physical',
  8: 'technological',
} as const;
export type Theme = (typeof themes)[keyof typeof themes];

export interface Control {
  /** As in the standard: 5.1 to 8.34. */
  readonly number: string;
  readonly theme: Theme;
  /** What it is about, in our words; what it demands is in the standard. */
  readonly title: string;
}

/** In the order of the standard: the first is 5.1, and so on. */
const titles: Readonly<Record<keyof typeof themes, readonly string[]>> = {
  5: [
    'Rules for information security',
    'Who answers for security',
    'Tasks kept apart that must not be in one hand',
    'What management demands of everybody',
    'Knowing the authorities before they are needed',
    'Exchange with groups of specialists',
    'Knowledge of threats',
    'Security within projects',
    'Register of information and what belongs to it',
    'How information and its assets may be used',
    'Giving assets back',
    'Classes of information',
    'Marks on information',
    'Passing information on',
    'Rules of access',
    'Identities from beginning to end',
    'Secrets to sign in with',
    'Rights granted, reviewed and withdrawn',
    'Security with suppliers',
    'Security in contracts with suppliers',
    'Risks along the supply chain of technology',
    'Watching suppliers and their changes',
    'Security in the use of clouds',
    'Being prepared for incidents',
    'Deciding which events are incidents',
    'Answering incidents',
    'Learning from incidents',
    'Collecting evidence',
    'Security while things are disrupted',
    'Technology ready for continuity',
    'Duties by law and contract',
    'Rights of others to their works',
    'Protecting records',
    'Privacy and personal data',
    'Review of security by somebody independent',
    'Keeping to one’s own rules',
    'Operating procedures written down',
  ],
  6: [
    'Looking into people before they are employed',
    'Security in terms of employment',
    'Awareness and training',
    'What follows on breaking the rules',
    'Duties that remain after leaving',
    'Agreements on secrecy',
    'Working elsewhere',
    'Reporting what looks wrong',
  ],
  7: [
    'Boundaries of sites',
    'Entrances',
    'Offices, rooms and halls',
    'Watching over sites',
    'Fire, water and other dangers',
    'Working where it is secure',
    'Clear desks and screens',
    'Where equipment stands, and how it is guarded',
    'Assets away from the site',
    'Media from purchase to destruction',
    'Power and other supplies',
    'Cables',
    'Maintenance of equipment',
    'Equipment thrown away or used anew',
  ],
  8: [
    'Devices of users',
    'Privileged rights',
    'Access to information limited',
    'Access to source code',
    'Signing in securely',
    'Enough capacity',
    'Against malicious software',
    'Technical vulnerabilities',
    'Configurations known and kept',
    'Deleting information',
    'Hiding data from those who need not see it',
    'Against data leaking away',
    'Backups',
    'Spare parts of processing',
    'Logs',
    'Watching what happens',
    'Clocks that agree',
    'Programs that can get around controls',
    'Installing software on what is in operation',
    'Networks',
    'Network services',
    'Networks divided',
    'Filtering the web',
    'Cryptography',
    'Security through the life of software',
    'What applications must fulfil',
    'Architecture and engineering that are secure',
    'Secure programming',
    'Security tests before acceptance',
    'Software made by others for us',
    'Development, test and production apart',
    'Changes under control',
    'Data for tests',
    'Audits that do not disturb operation',
  ],
};

/** All 93. */
export const annexA: readonly Control[] = ([5, 6, 7, 8] as const).flatMap((chapter) =>
  titles[chapter].map((title, i) => ({
    number: `${chapter}.${i + 1}`,
    theme: themes[chapter],
    title,
  })),
);

const byNumber = new Map(annexA.map((control) => [control.number, control]));

/** Undefined for what is no number of Annex A. */
export function controlOf(number: string): Control | undefined {
  return byNumber.get(number);
}
