/** As PostgreSQL writes a uuid; what does not look so is no id, and would be an error of its parser. */
export const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** As people may write one that stood in an address or a mail. */
export const uuidInAnyCase = new RegExp(uuidPattern, 'i');
