import { serve, self } from './serve.mjs';

const products = [
  { id: 'domain-es', name: '.es domain', priceEur: 9.5 },
  { id: 'mailbox-25', name: 'Mailbox 25 GB', priceEur: 3.9 },
  { id: 'vps-s', name: 'Cloud server S', priceEur: 12 },
];

await serve(async () => ({
  type: 'application/json',
  body: JSON.stringify({ products, store: self }),
}));
