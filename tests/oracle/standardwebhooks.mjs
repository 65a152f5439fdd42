// Verifies a signed message by the standardwebhooks library of npm: {secret, headers, body} as JSON on its input.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const { Webhook } = createRequire(`${process.argv[2]}/`)('standardwebhooks');
const { secret, headers, body } = JSON.parse(readFileSync(0, 'utf8'));
new Webhook(secret).verify(body, headers);
