/** A page without scripts and without anything from elsewhere. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)} · CTC</title></head>
<body><main><h1>Change Tracking Centre</h1><h2>${escaped(title)}</h2>
${body}
</main></body></html>
`;
}

export function signInPage({
  problem,
  provider,
}: { readonly problem?: string; readonly provider?: string } = {}): string {
  return page(
    'Sign in',
    `${alert(problem)}${provider === undefined ? '' : `<p><a href="/login/oidc">Sign in with ${escaped(provider)}</a></p>\n`}<form method="post" action="/login">
<p><label for="login">Name or e-mail</label><br><input id="login" name="login" autocomplete="username" required size="40"></p>
<p><label for="password">Password</label><br><input id="password" name="password" type="password" autocomplete="current-password" required size="40"></p>
<p><label for="code">Code of your second factor, if you have one</label><br><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" size="24"></p>
<p><button>Sign in</button></p></form>
<h2>With a token</h2>
<form method="post" action="/login">
<p><label for="token">Access token</label><br><input id="token" name="token" type="password" required autocomplete="off" size="60"></p>
<p><button>Sign in with the token</button></p></form>`,
  );
}

export function welcomePage(link: string, problem?: string): string {
  return page(
    'Set your password',
    `${alert(problem)}<form method="post" action="/welcome">
<input type="hidden" name="link" value="${escaped(link)}">
<p><label for="password">Password, at least 12 characters</label><br><input id="password" name="password" type="password" autocomplete="new-password" required minlength="12" size="40"></p>
<p><button>Set it and sign in</button></p></form>`,
  );
}

function alert(problem: string | undefined): string {
  return problem === undefined ? '' : `<p role="alert">${escaped(problem)}</p>\n`;
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
