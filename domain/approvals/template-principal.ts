/** The principal in whose name a template approves; nobody signs in as it. */
export const templatePrincipal = 'change-template';
