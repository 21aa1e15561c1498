import fp from 'fastify-plugin';

/** Bodies of plain HTML forms, which the sign-in page sends without any script. */
export const formBody = fp(
  (app) => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: 4096 },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
    );
  },
  { name: 'form-body' },
);
