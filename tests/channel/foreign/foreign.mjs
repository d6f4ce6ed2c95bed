// SPDX-License-Identifier: Apache-2.0
// The channels' own clients, or what many use in their place, as judges: a JSON object a line in, one out.
// They check what Ebb signed, sign what Ebb must take, and call the doubles, whose wire format they prove by that.
import fs from 'node:fs';
import https from 'node:https';
import readline from 'node:readline';
import { AlipaySdk } from 'alipay-sdk';
import Stripe from 'stripe';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';

const agent = new https.Agent({ ca: fs.readFileSync(process.env.NODE_EXTRA_CA_CERTS) });
const alipay = (ask) => new AlipaySdk({
  appId: ask.app_id, privateKey: ask.private_key, alipayPublicKey: ask.public_key, keyType: 'PKCS8', camelcase: false,
  gateway: ask.endpoint, timeout: 10000,
});
const wechatpay = (ask) => new Wechatpay({
  mchid: ask.mchid, serial: ask.serial, privateKey: ask.private_key, certs: { [ask.platform_serial]: ask.platform },
  baseURL: `${ask.endpoint}/`, httpsAgent: agent,
});
const stripe = (ask) => new Stripe(ask.key, {
  host: '127.0.0.1', port: ask.port, protocol: 'https', httpAgent: agent, maxNetworkRetries: 0, telemetry: false,
});

const known = {
  alipay_check: (ask) => ({ good: alipay(ask).checkNotifySignV2(ask.members) }),
  // A form of Alipay's own signer: any private key makes it, also that of Alipay's double.
  alipay_sign: (ask) => ({ form: alipay(ask).sdkExecute('alipay.message', { ...ask.members, bizContent: ask.biz_content }) }),
  alipay_call: async (ask) => alipay(ask).exec(ask.method, { bizContent: ask.biz_content }, { validateSign: true }),

  wechatpay_check: ({ text, signature, public_key: key }) => ({ good: Rsa.verify(text, signature, key) }),
  wechatpay_request: (ask) => ({ text: Formatter.request(ask.verb, ask.place, ask.at, ask.nonce, ask.body) }),
  wechatpay_notice: (ask) => {
    const nonce = Formatter.nonce(12);
    const body = JSON.stringify({ ...ask.event, resource: {
      algorithm: 'AEAD_AES_256_GCM', original_type: 'refund', associated_data: 'refund', nonce,
      ciphertext: Aes.AesGcm.encrypt(ask.plain, ask.apiv3_key, nonce, 'refund') } });
    const seal = Formatter.nonce();
    return { body, headers: {
      'Wechatpay-Timestamp': String(ask.at), 'Wechatpay-Nonce': seal, 'Wechatpay-Serial': ask.serial,
      'Wechatpay-Signature': Rsa.sign(Formatter.response(String(ask.at), seal, body), ask.private_key) } };
  },
  wechatpay_open: ({ resource: r, apiv3_key: key }) => ({ plain: Aes.AesGcm.decrypt(r.ciphertext, key, r.nonce, r.associated_data) }),
  wechatpay_call: async (ask) => (await wechatpay(ask).v3.refund.domestic.refunds.post(ask.body)).data,

  stripe_check: (ask) => ({ type: new Stripe('sk_test_x').webhooks.constructEvent(ask.body, ask.header, ask.secret, 1e9).type }),
  stripe_sign: (ask) => ({ header: new Stripe('sk_test_x').webhooks.generateTestHeaderString(
    { payload: ask.body, secret: ask.secret, timestamp: ask.at }) }),
  stripe_create: async (ask) => (await stripe(ask).refunds.create(ask.refund, { idempotencyKey: ask.idempotency_key })),
  stripe_list: async (ask) => (await stripe(ask).refunds.list({ payment_intent: ask.payment_intent, limit: 100 })),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  try {
    console.log(JSON.stringify(await known[ask.do](ask)));
  } catch (fault) {
    console.log(JSON.stringify({ fault: String(fault.message ?? fault) }));
  }
}
