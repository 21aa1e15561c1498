import { self, serve } from './serve.mjs';

const escape = (text) =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

await serve(async (call) => {
  const { products, api, store } = await call('api');
  const rows = products.map(
    ({ id, name, priceEur }) =>
      `<tr id="${escape(id)}"><td>${escape(name)}</td><td>${priceEur.toFixed(2)} €</td></tr>`,
  );
  const where = [self, api, store]
    .map(({ component, datacentre, release }) => `${component} ${release} in ${datacentre}`)
    .join(', ');
  const body = `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>Shop ${escape(self.release)}</title>
  <h1>Shop</h1>
  <table>${rows.join('')}</table>
  <p>${escape(where)}</p>
</html>
`;
  return { type: 'text/html; charset=utf-8', body };
});
