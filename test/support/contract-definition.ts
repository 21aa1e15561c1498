/** A contract with nothing wrong, as somebody registers it. */
export const goodContract = {
  title: 'Machines in Madrid',
  provider: 'iberia',
  covers: { datacentres: ['mad'] },
  starts: '2026-01-01',
  ends: '2027-01-01',
  noticeDays: 30,
  terms: {
    availabilityPercent: 99.9,
    credits: [
      { belowPercent: 99.9, creditPercent: 10 },
      { belowPercent: 99, creditPercent: 25 },
    ],
    monthlyFee: { amount: 100, currency: 'EUR' },
  },
};
