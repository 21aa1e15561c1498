import * as z from 'zod';

export const ledgerEntrySchema = z
  .object({
    sequence: z.int(),
    at: z.string(),
    actor: z.string(),
    action: z.string(),
    subject: z.object({ kind: z.string(), id: z.string() }),
    details: z.record(z.string(), z.unknown()),
    previousHash: z.string(),
    revealed: z
      .record(z.string(), z.unknown())
      .nullable()
      .optional()
      .describe('What is sealed in details; null where it was erased'),
    hash: z.string().describe('RFC 9162 leaf hash of the entry’s canonical JSON, without this'),
  })
  .meta({ id: 'LedgerEntry' });

export const checkpointSchema = z
  .object({
    note: z.object({
      at: z.string(),
      keyId: z.string(),
      origin: z.string(),
      rootHash: z.string(),
      treeSize: z.int(),
    }),
    signature: z.string().describe('Ed25519 over the note’s canonical JSON, base64'),
  })
  .meta({ id: 'LedgerCheckpoint' });

export const inclusionProofSchema = z
  .object({
    sequence: z.int(),
    treeSize: z.int(),
    leafHash: z.string(),
    rootHash: z.string(),
    proof: z.array(z.string()),
  })
  .meta({ id: 'InclusionProof' });

export const consistencyProofSchema = z
  .object({
    from: z.int(),
    to: z.int(),
    fromRootHash: z.string(),
    toRootHash: z.string(),
    proof: z.array(z.string()),
  })
  .meta({ id: 'ConsistencyProof' });

export const ledgerKeySchema = z
  .object({
    id: z.string(),
    publicKey: z.string().describe('SubjectPublicKeyInfo (DER), base64'),
    from: z.string(),
    to: z.string().nullable(),
  })
  .meta({ id: 'LedgerKey' });
