import { serve, self } from './serve.mjs';

const escape = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');

await serve(async (call) => {
  const { products, api, store } = await call('api');
  const rows = products.map(
    ({ name, priceEur }) => `<tr><td>${escape(name)}</td><td>${priceEur.toFixed(2)} €</td></tr>`,
  );
  const where = [self, api, store]
    .map(({ component, datacentre, release }) => `${component} ${release} in ${datacentre}`)
    .join(', ');
  return {
    type: 'text/html; charset=utf-8',
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><h1>Shop</h1><table>${rows.join('')}</table><p>${escape(where)}</p></html>`,
  };
});
