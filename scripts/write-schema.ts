// Writes docs/policy.schema.json, by which editors check a policy file. A test holds it to the code.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPolicySchema } from '../src/config/policy-schema.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'policy.schema.json'), renderPolicySchema());
