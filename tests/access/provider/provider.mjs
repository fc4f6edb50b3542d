// A real OpenID provider on loopback. It signs in whom it is told to, without a page, and can be told to misbehave.
// Everything is said to it through POST /control, which replaces what was said before.

import { createServer } from "node:http";
import { Readable } from "node:stream";
import { generateKeyPairSync, sign as signWith } from "node:crypto";
import { Provider, interactionPolicy } from "oidc-provider";

const [redirectUri, signOutUri] = process.argv.slice(2);
const API = "https://drsorch.example.com/api";
const CLIENT = "drsorch";
const ours = generateKeyPairSync("rsa", { modulusLength: 2048 });
const foreign = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = { ...ours.privateKey.export({ format: "jwk" }), kid: "ours", use: "sig", alg: "RS256" };

let told = { account: "nobody", claims: {} };
const asked = {};

const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
const decode = (part) => JSON.parse(Buffer.from(part, "base64url"));

// Writes a token again: with other claims, by another key, unsigned, or with a claim changed after it was signed.
function rewrite(token, { claims = {}, key = "ours", kid, alg = "RS256", tamper }) {
  const [head, body] = token.split(".");
  const header = { ...decode(head), alg, ...(kid && { kid }) };
  const payload = { ...decode(body), ...claims };
  for (const name of Object.keys(payload)) if (payload[name] === null) delete payload[name];
  const signed = `${encode(header)}.${encode(payload)}`;
  if (alg === "none") return `${signed}.`;
  const signature = signWith("sha256", Buffer.from(signed), (key === "ours" ? ours : foreign).privateKey).toString("base64url");
  return tamper ? `${encode(header)}.${encode({ ...payload, ...tamper })}.${signature}` : `${signed}.${signature}`;
}

// A blank again and again, each soon after the one before.
async function* drips() {
  for (let number = 0; number < 20; number += 1) {
    yield " ";
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const policy = interactionPolicy.base();
policy.remove("consent");

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: CLIENT,
      client_secret: "a secret of the tests",
      redirect_uris: [redirectUri],
      post_logout_redirect_uris: [signOutUri],
      token_endpoint_auth_method: "client_secret_basic",
    }],
    jwks: { keys: [jwk] },
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["given_name", "family_name", "groups"] },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => told.resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: "openid", audience: API, accessTokenFormat: "jwt" }),
      },
    },
    extraTokenClaims: () => told.accessClaims,
    interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ accountId: ctx.oidc.session.accountId, clientId: CLIENT });
      grant.addOIDCScope("openid email profile");
      grant.addResourceScope(API, "openid");
      await grant.save();
      return grant;
    },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...told.claims }) }),
  });
  provider.use(async (ctx, next) => {
    asked[ctx.path] = (asked[ctx.path] ?? 0) + 1;
    if (told.answer?.[ctx.path]) {
      const { status, body, headers = {} } = told.answer[ctx.path];
      Object.assign(ctx, { status, body });
      ctx.set(headers);
      return;
    }
    if (told.drips === ctx.path) {
      Object.assign(ctx, { status: 200, body: Readable.from(drips()) });
      return;
    }
    if (told.slow === ctx.path) await new Promise((resolve) => setTimeout(resolve, 1500));
    await next();
    if (ctx.path === "/token" && told.idToken && ctx.body?.id_token) ctx.body.id_token = rewrite(ctx.body.id_token, told.idToken);
    if (ctx.path === "/token" && told.noIdToken) delete ctx.body.id_token;
    if (ctx.path === "/me" && told.userinfo) Object.assign(ctx.body, told.userinfo);
    if (ctx.path.endsWith("openid-configuration") && told.description) Object.assign(ctx.body, told.description);
  });
  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (request.url === "/control") {
      let body = "";
      for await (const piece of request) body += piece;
      if (body) {
        told = JSON.parse(body);
        for (const path of Object.keys(asked)) delete asked[path];
      }
      response.end(JSON.stringify(asked));
    } else if (request.url.startsWith("/interaction/")) {
      const result = told.refuses ? { error: told.refuses } : { login: { accountId: told.account } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } else if (request.url === "/sign") {
      let body = "";
      for await (const piece of request) body += piece;
      const { header, claims, ...how } = JSON.parse(body);
      response.end(rewrite(`${encode({ kid: "ours", typ: "JWT", ...header })}.${encode(claims)}.`, how));
    } else {
      answer(request, response);
    }
  });
  console.log(issuer);
});
