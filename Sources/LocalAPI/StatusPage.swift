// swift-format-ignore-file
/// page/status.html byte for byte, and the hashes of its style and script, written by scripts/embed-page.
let statusPageStyleHash = "sha256-CYkvwaY0nwA2vmBGKUpD068qBS20LcFKD0Awotl3kbo="
let statusPageScriptHash = "sha256-wU7gKov0jS6oFSkJRyxD7LeLiC4pZyAsscjxoOXO2aQ="
let statusPage = #"""
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>certplane-agent</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%230b6e4f' d='M8 0l6 2v5c0 4-2.5 7-6 9-3.5-2-6-5-6-9V2z'/%3E%3C/svg%3E">
<style>
:root {
  --ground: #f6f7f8; --card: #ffffff; --line: #d5d9de; --text: #16191d; --quiet: #535b65;
  --good: #0b6e4f; --busy: #1559b3; --warn: #8a5300; --bad: #b3261e; --rail: #e4e7eb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101316; --card: #191d22; --line: #363d46; --text: #eceff3; --quiet: #a7b0bb;
    --good: #57c79a; --busy: #79b0ff; --warn: #f0b35a; --bad: #ff8f85; --rail: #2b3139;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: anywhere;
}
header, main, footer { max-width: 90rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.25rem; }
h1 { margin: 0; font-size: 1.35rem; }
h2 { margin: 0; font-size: 1.05rem; }
p { margin: .25rem 0; }
.verdict { font-size: 1.1rem; font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: .75rem 0 1rem; padding: 0; }
.facts div { display: flex; gap: .5rem; }
dt { color: var(--quiet); }
dd { margin: 0; }
.list { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--tone);
  border-radius: .4rem; padding: .75rem 1rem; }
.top { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .75rem; justify-content: space-between; }
.state { color: var(--tone); font-weight: 600; white-space: nowrap; }
.life { position: relative; height: .7rem; margin: .5rem 0 .35rem; background: var(--rail); border-radius: .35rem; }
.left { height: 100%; border-radius: .35rem; background: var(--tone); }
.due { position: absolute; top: -.2rem; bottom: -.2rem; width: 2px; background: var(--text); }
.quiet { color: var(--quiet); }
.error { border-top: 1px solid var(--line); margin-top: .5rem; padding-top: .5rem; }
.error strong { color: var(--bad); }
.good { --tone: var(--good); } .busy { --tone: var(--busy); } .warn { --tone: var(--warn); } .bad { --tone: var(--bad); }
.alarm { background: var(--card); border: 2px solid var(--bad); border-radius: .4rem; padding: .75rem 1rem; margin: 0 0 1rem; }
summary { cursor: pointer; color: var(--quiet); width: fit-content; }
summary:focus-visible, a:focus-visible { outline: 3px solid var(--busy); outline-offset: 2px; border-radius: .2rem; }
.more { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .75rem; margin: .35rem 0 0; }
footer { padding-top: 1rem; padding-bottom: 1.5rem; }
a { color: var(--busy); }
@media (forced-colors: active) { .left { background: CanvasText; } .life { border: 1px solid CanvasText; } }
</style>
</head>
<body>
<header>
<h1 id="name">certplane-agent</h1>
<p class="verdict" id="verdict" role="status">Asking the agent …</p>
<dl class="facts" id="facts"></dl>
</header>
<main>
<div class="alarm" id="alarm" role="alert" hidden></div>
<noscript><p class="alarm">This page needs JavaScript. <a href="/v1/status">The status document</a> and
<a href="/readyz?verbose">the readiness as text</a> tell the same.</p></noscript>
<ul class="list" id="list" aria-label="Certificates"></ul>
<p class="quiet" id="rest" hidden></p>
</main>
<footer class="quiet"><span id="taken"></span> · <a href="/v1/status">status</a> · <a href="/readyz?verbose">readiness</a> ·
<a href="/metrics">metrics</a> · <a href="/openapi.json">API</a></footer>
<script>
'use strict';
(() => {
  const interval = 5000, most = 300;
  const tones = {valid: 'good', renewing: 'busy', unknown: 'busy', expiring: 'warn', waiting: 'warn',
    reload_pending: 'warn', failing: 'bad', missing: 'bad', expired: 'bad'};
  const words = {valid: 'valid', renewing: 'renewing', unknown: 'not looked at yet', expiring: 'expiring',
    waiting: 'waiting', reload_pending: 'reload pending', failing: 'failing', missing: 'missing', expired: 'expired'};
  const order = Object.fromEntries(['expired', 'missing', 'failing', 'reload_pending', 'expiring', 'waiting',
    'renewing', 'unknown', 'valid'].map((state, index) => [state, index]));
  const byId = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const day = (time) => time.slice(0, 10);
  const span = (milliseconds) => {
    const seconds = Math.abs(milliseconds) / 1000;
    if (seconds < 90) return `${Math.round(seconds)} s`;
    if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
  };
  const until = (time, now) => {
    const left = Date.parse(time) - now;
    return left > 0 ? `in ${span(left)}` : `${span(left)} ago`;
  };
  const pair = (list, term, description) => {
    if (description === null || description === undefined || description === '') return;
    list.append(make('dt', '', term), make('dd', '', description));
  };
  const fact = (term, description) => {
    const group = make('div');
    pair(group, term, description);
    return group;
  };

  const life = (certificate, now) => {
    const begin = Date.parse(certificate.installed.not_before), end = Date.parse(certificate.installed.not_after);
    const part = (time) => Math.min(100, Math.max(0, 100 * (end - time) / Math.max(1, end - begin)));
    const percent = Math.round(part(now));
    const rail = make('div', 'life');
    rail.setAttribute('role', 'meter');
    rail.setAttribute('aria-label', `Remaining life of ${certificate.name}`);
    rail.setAttribute('aria-valuemin', '0');
    rail.setAttribute('aria-valuemax', '100');
    rail.setAttribute('aria-valuenow', String(percent));
    rail.setAttribute('aria-valuetext', end > now ? `${span(end - now)} left` : `expired ${span(end - now)} ago`);
    const left = make('div', 'left');
    left.style.width = `${part(now)}%`;
    rail.append(left);
    if (certificate.next_renewal_at) {
      const due = make('div', 'due');
      due.style.left = `${part(Date.parse(certificate.next_renewal_at))}%`;
      due.title = `renewed when the bar is here: ${day(certificate.next_renewal_at)}`;
      rail.append(due);
    }
    return rail;
  };

  const problem = (title, error, now) => {
    const box = make('div', 'error');
    const line = make('p');
    line.append(make('strong', '', title), ` ${error.detail} `, make('span', 'quiet', `(${until(error.at, now)})`));
    box.append(line);
    if (error.advice) box.append(make('p', '', error.advice));
    return box;
  };

  const details = (certificate, isOpen) => {
    const box = make('details');
    box.open = isOpen;
    box.append(make('summary', '', 'Details'));
    const list = make('dl', 'more');
    pair(list, 'names', certificate.dns_names.join(', '));
    pair(list, 'profile', certificate.profile);
    if (certificate.installed) {
      pair(list, 'serial', certificate.installed.serial);
      pair(list, 'issuer', certificate.installed.issuer);
      pair(list, 'SHA-256', certificate.installed.fingerprint_sha256);
    }
    pair(list, 'next attempt', certificate.next_attempt_at);
    pair(list, 'last success', certificate.last_success_at);
    pair(list, 'orders', `${certificate.orders_last_7_days} of ${certificate.order_budget} in seven days`);
    pair(list, 'files', Object.values(certificate.outputs).filter((path) => path).join(', '));
    box.append(list);
    return box;
  };

  const card = (certificate, now, isOpen) => {
    const item = make('li', `card ${tones[certificate.state] || 'warn'}`);
    item.dataset.name = certificate.name;
    item.dataset.state = certificate.state;
    const top = make('div', 'top');
    top.append(make('h2', '', certificate.name), make('span', 'state', words[certificate.state] || certificate.state));
    item.append(top);
    if (certificate.installed) {
      item.append(life(certificate, now));
      const end = certificate.installed.not_after, isOver = Date.parse(end) <= now;
      item.append(make('p', '', `${isOver ? 'expired' : 'expires'} ${day(end)}, ${until(end, now)}`));
    }
    item.append(make('p', 'quiet', certificate.why));
    if (certificate.last_error) item.append(problem(`${certificate.last_error.stage}:`, certificate.last_error, now));
    if (certificate.reload.last_error && certificate.reload.pending_since) {
      item.append(problem('reload:', certificate.reload.last_error, now));
    } else if (certificate.advice && !certificate.last_error) {
      item.append(make('p', 'error', certificate.advice));
    }
    item.append(details(certificate, isOpen));
    return item;
  };

  const verdict = (certificates) => {
    const counts = {};
    for (const certificate of certificates) counts[certificate.state] = (counts[certificate.state] || 0) + 1;
    const parts = Object.keys(counts).sort((a, b) => order[a] - order[b]).map((state) => `${counts[state]} ${words[state] || state}`);
    const total = certificates.length;
    if (total === 0) return 'No certificates are configured.';
    return `${total} ${total === 1 ? 'certificate' : 'certificates'}: ${parts.join(', ')}`;
  };

  // Only what has changed is told again to a screen reader.
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const show = (status) => {
    const now = Date.now();
    const {identity, broker, agent, certificates} = status;
    say(byId('name'), `certplane-agent on ${identity.name}`);
    say(byId('verdict'), verdict(certificates));
    const troubled = certificates.filter((certificate) => tones[certificate.state] === 'bad').length;
    document.title = troubled ? `${troubled} in trouble · ${identity.name}` : `${identity.name} · certplane-agent`;
    const facts = [fact('identity', identity.certificate
      ? `${identity.state.replaceAll('_', ' ')}, until ${day(identity.certificate.not_after)}` : identity.state.replaceAll('_', ' '))];
    facts.push(fact('broker', broker.state + (broker.last_contact_at ? `, heard ${until(broker.last_contact_at, now)}` : '')));
    facts.push(fact('agent', `${agent.version}, up ${span(now - Date.parse(agent.started_at))}`));
    if (!agent.config.last_reload_succeeded) facts.push(fact('configuration', 'the file has problems, an older one is in force'));
    byId('facts').replaceChildren(...facts);

    const list = byId('list');
    const open = new Set();
    for (const item of list.children) if (item.querySelector('details').open) open.add(item.dataset.name);
    const focused = document.activeElement && document.activeElement.closest('.card');
    const focusedName = focused && focused.dataset.name;
    const sorted = certificates.slice().sort((a, b) => order[a.state] - order[b.state] || (a.name < b.name ? -1 : 1));
    list.replaceChildren(...sorted.slice(0, most).map((certificate) => card(certificate, now, open.has(certificate.name))));
    if (focusedName) {
      for (const item of list.children) if (item.dataset.name === focusedName) item.querySelector('summary').focus({preventScroll: true});
    }
    byId('rest').hidden = sorted.length <= most;
    say(byId('rest'), `${sorted.length - most} more are not shown; the status document has all.`);
    say(byId('taken'), `as of ${new Date(status.taken_at).toLocaleTimeString()}`);
  };

  let heardAt = Date.now();
  const refresh = () =>
    fetch('/v1/status', {cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(interval)}).then((answer) => {
      if (!answer.ok) throw new Error(`${answer.status}`);
      return answer.json();
    }).then((status) => {
      show(status);
      heardAt = Date.now();
      byId('alarm').hidden = true;
    }).catch(() => {
      say(byId('alarm'), `The agent has not answered since ${new Date(heardAt).toLocaleTimeString()}. What is shown here may be out of date.`);
      byId('alarm').hidden = false;
    }).then(() => { document.body.dataset.ready = 'yes'; });
  const loop = () => {
    const asked = document.visibilityState === 'visible' ? refresh() : Promise.resolve();
    asked.then(() => setTimeout(loop, interval));
  };
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible') refresh(); });
  loop();
})();
</script>
</body>
</html>

"""#
