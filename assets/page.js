// What only the browser can do for the page: predict as one types, follow the live feed, swap what the server draws
// anew. Data reach the document as text, never as markup.
'use strict';
(() => {
  const TYPING = 120;             // ms of silence before a row is sent
  const FEED = 12;                // predictions kept in sight
  const SHOWN = 8;                // contributions shown one by one
  const CALM = 1000;              // ms between two looks at monitor, alerts and loop, however much happens
  const RETRY = [500, 15000];     // ms between attempts to reconnect: first, most
  const SVG = 'http://www.w3.org/2000/svg';

  const $ = id => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const percent = p => p > 0 && p < 0.0005 ? '< 0.1 %' : p < 1 && p > 0.9995 ? '> 99.9 %' : (100 * p).toFixed(1) + ' %';
  const signed = v => (v < 0 ? '−' : '+') + Math.abs(v).toFixed(3);
  const clock = time => new Date(time).toLocaleTimeString([], { hour12: false });

  function make(tag, name, ...children) {
    const e = document.createElement(tag);
    if (name) e.className = name;
    e.append(...children.map(c => c instanceof Node ? c : String(c)));
    return e;
  }

  /** A bar over `from`–`to` of 100; `zero` marks a line. Widths are attributes: styles may not be inline. */
  function bar(from, to, name, zero) {
    const part = (tag, attributes) => {
      const e = document.createElementNS(SVG, tag);
      for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
      return e;
    };
    const svg = part('svg', { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    svg.append(part('rect', { x: from, width: Math.max(0, to - from), height: 10, class: name }));
    if (zero !== undefined) svg.append(part('line', { x1: zero, x2: zero, y1: -4, y2: 14, class: 'zero' }));
    return svg;
  }

  // ── The row in the form ────────────────────────────────────────────────────────────────────────────────────────
  const fields = () => all('#fields .field');
  const control = field => field.querySelector('input:checked') || field.querySelector('select, input[type=text]');

  function row() {
    const row = {};
    for (const field of fields()) {
      const text = control(field)?.value ?? '';
      if (text.trim() === '') continue;
      // What is no number goes as typed: the server says what is wrong with it.
      const number = field.dataset.kind === 'number' && Number.isFinite(Number(text));
      row[field.dataset.column] = number ? Number(text) : text;
    }
    return row;
  }

  function fill(row) {
    for (const field of fields()) {
      const value = String(row[field.dataset.column] ?? '');
      const text = field.querySelector('select, input[type=text]');
      if (text) text.value = value;
      else all('input', field).forEach(radio => { radio.checked = radio.value === value; });
    }
  }

  // ── Asking: over the socket while it is open, else over REST. Always a trial: trying the form leaves no trace ──
  let asked = 0;
  let answered = 0;
  let timer;

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING);
  }

  function ask() {
    if (!$('form')) return;         // the reader's token may not predict
    const ref = ++asked;
    const asking = { type: 'predict', ref, row: row(), explain: true, store: false };
    const body = JSON.stringify(asking.row).replaceAll("'", "'\\''");
    $('curl').textContent = `curl -s '${location.origin}/v1/predict?explain=true' \\\n`
      + `  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(asking));
    else askRest(asking);
  }

  async function askRest({ ref, row }) {
    const headers = { 'Content-Type': 'application/json' };
    try {
      const answer = await fetch('/v1/predict?explain=true&store=false&transport=page', { method: 'POST', headers, body: JSON.stringify(row) });
      const json = await answer.json();
      if (answer.ok) show(ref, json); else refuse(ref, json);
    } catch {
      refuse(ref, { title: 'No answer', detail: 'the server cannot be reached; this is tried again when it is back' });
    }
  }

  // ── The answer ─────────────────────────────────────────────────────────────────────────────────────────────────
  /** Notes stand beside the field they speak of, the rest under the answer. */
  function notes(list, faulty) {
    const general = [];
    const byColumn = new Map();
    for (const { column, text } of list) {
      if (fields().some(f => f.dataset.column === column)) byColumn.set(column, [...byColumn.get(column) ?? [], text]);
      else general.push(column ? `${column}: ${text}` : text);
    }
    for (const field of fields()) {
      const texts = byColumn.get(field.dataset.column);
      const note = field.querySelector('.note');
      note.textContent = texts?.join('; ') ?? '';
      note.hidden = !texts;
      field.classList.toggle('faulty', Boolean(faulty && texts));
      all('input, select', field).forEach(e => e.setAttribute('aria-invalid', Boolean(faulty && texts)));
    }
    if (faulty && byColumn.size) general.unshift(`no answer yet: see ${[...byColumn.keys()].join(', ')}`);
    $('general').replaceChildren(...general.map(text => make('li', '', text)));
    $('general').hidden = !general.length;
    $('general').classList.toggle('faulty', faulty);
    $('answer').dataset.state = faulty ? 'faulty' : 'fine';
  }

  const words = code => String(code).replaceAll('_', ' ');

  function refuse(ref, problem) {
    if (ref !== asked) return;
    answered = ref;
    const list = (problem.errors ?? []).map(({ path, problem, got, allowed, remedy }) => ({
      column: String(path ?? '').slice(1).replaceAll('~1', '/').replaceAll('~0', '~'),
      text: [words(problem), allowed && `takes ${allowed}`, remedy].filter(Boolean).join('; '),
    }));
    notes(list.length ? list : [{ text: [problem.title, problem.detail].filter(Boolean).join(': ') }], true);
  }

  function show(ref, answer) {
    if (ref !== asked) return;
    answered = ref;
    notes(answer.warnings.map(w => ({ column: w.column, text: `${words(w.problem)}: ${w.value}` })), false);
    $('decision').textContent = `${$('form').dataset.target} = ${answer.label}`;
    $('chance').textContent = percent(answer.probability);
    $('probability').setAttribute('width', 100 * answer.probability);
    $('source').textContent = `answered by ${answer.model}`;
    if (answer.explanation) explain(answer.explanation, answer.probability);
  }

  function explain({ base, contributions }, probability) {
    const shown = contributions.length > SHOWN + 1 ? SHOWN : contributions.length;
    const rest = contributions.slice(shown);
    const others = rest.reduce((sum, c) => sum + c.contribution, 0);
    const linear = contributions.some(c => c.log_odds !== undefined);
    const othersOdds = linear ? rest.reduce((sum, c) => sum + (c.log_odds ?? 0), 0) : undefined;
    // The sum of the others can be larger than any single contribution; its bar must fit as well.
    const most = Math.max(1e-9, Math.abs(others), ...contributions.map(c => Math.abs(c.contribution)));
    const line = (column, value, c, odds) => {
      const to = 50 + 50 * c / most;
      const picture = c < 0 ? bar(to, 50, 'against', 50) : bar(50, to, 'fill', 50);
      const held = value === null ? make('td', 'muted', 'missing') : make('td', '', value);
      const name = make('th', '', column);
      name.scope = 'row';
      [name.title, held.title] = [column, value ?? ''];
      const adds = make('td', 'number', signed(c));
      if (odds !== undefined) adds.append(make('small', 'muted odds', `${signed(odds)} log odds`));
      return make('tr', '', name, held, make('td', '', picture), adds);
    };
    const lines = contributions.slice(0, shown).map(c => line(c.column, c.value ?? null, c.contribution, c.log_odds));
    if (rest.length) lines.push(line('others', `${rest.length} columns`, others, othersOdds));
    const total = (word, about, value) => make('tr', '', make('th', '', word), make('td', 'muted', about),
      make('td', ''), make('td', 'number', value.toFixed(3)));
    const table = $('contributions');
    table.tBodies[0].replaceChildren(total('base', 'mean of the training rows', base), ...lines);
    table.tFoot.replaceChildren(total('probability', 'the sum', probability));
    table.hidden = false;
    $('why-empty').hidden = true;
  }

  // ── The live feed ──────────────────────────────────────────────────────────────────────────────────────────────
  const feed = [];
  let drawing = false;

  function remember(event) {
    feed.unshift(event);
    feed.length = Math.min(feed.length, FEED);
    if (!drawing) requestAnimationFrame(drawFeed);      // however many events arrive, one drawing a frame
    drawing = true;
  }

  function drawFeed() {
    drawing = false;
    $('feed-empty').hidden = true;
    $('feed').hidden = false;
    $('feed').tBodies[0].replaceChildren(...feed.map(({ topic, time, data }) => {
      const when = make('td', 'muted', clock(time));
      if (topic === 'models') {
        const cell = make('td', 'change', `${data.model} ${words(data.action)}`, data.previous ? `, before: ${data.previous}` : '');
        cell.colSpan = 5;
        return make('tr', '', when, cell);
      }
      const label = make('td', '', data.label, data.warnings?.length ? ' △' : '');
      label.title = (data.warnings ?? []).map(w => `${w.column}: ${words(w.problem)}`).join('; ');
      const id = make('td', 'wide muted', data.id.length > 9 ? '…' + data.id.slice(-8) : data.id);
      id.title = data.id;
      return make('tr', '', when, label, make('td', 'number', percent(data.probability)),
        make('td', '', bar(0, 100 * data.probability, 'fill')), make('td', 'muted', data.model), id);
    }));
  }

  // ── Monitor, alerts, loop ───────────────────────────────────────────────────────────────────────────────────────────────────
  let looking;

  /** Something happened: monitor, alerts and loop may stand elsewhere. */
  function look() {
    looking ??= setTimeout(async () => {
      await Promise.all(['monitor', 'alerts', 'loop'].map(refresh));
      looking = undefined;
    }, CALM);
  }

  /** Takes over a part of the page as the server draws it now. */
  async function refresh(part) {
    const answer = await fetch('/fragments/' + part).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(part);
    if (fresh) $(part).replaceWith(document.adoptNode(fresh));
    if (part === 'alerts') tellState();
  }

  /** What the server drew last, by id, before anything was filled in. */
  const drawn = new Map(all('[data-swap]').map(e => [e.id, e.outerHTML]));

  /** Another model may be live: takes over what the server draws differently now, keeps what was typed, asks again. */
  async function redraw() {
    const answer = await fetch('/').catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (fresh.getElementById('form')?.dataset.target !== $('form')?.dataset.target) return location.reload();
    const typed = row();
    for (const e of all('[data-swap]', fresh).filter(e => drawn.get(e.id) !== e.outerHTML)) {
      drawn.set(e.id, e.outerHTML);
      $(e.id)?.replaceWith(document.adoptNode(e));
    }
    document.title = fresh.title;
    fill(typed);
    ask();
  }

  // ── The socket ─────────────────────────────────────────────────────────────────────────────────────────────────
  let socket;
  let attempts = 0;
  let resume = {};                // where the feed was when the connection broke: since and epoch

  let connection = { word: 'connecting', text: 'connecting' };

  function state(word, text) {
    connection = { word, text };
    tellState();
  }

  /** The header shows the connection and the alerts that fire: it is not green while one does. */
  function tellState() {
    const firing = Number($('alerts')?.dataset.firing ?? 0);
    const alerts = firing === 0 ? '' : ` · ${firing} ${firing === 1 ? 'alert' : 'alerts'} firing`;
    const output = $('connection');
    output.dataset.state = connection.word;
    output.toggleAttribute('data-firing', firing > 0);
    if (output.textContent !== connection.text + alerts) output.textContent = connection.text + alerts;
  }

  /** Those that the reader's token may see. */
  const topics = () => document.querySelector('main').dataset.topics.split(' ');

  function subscribe() {
    socket.send(JSON.stringify({ type: 'subscribe', ref: 'feed', topics: topics(), ...resume }));
  }

  function receive(message) {
    const { type, ref } = message;
    if (type === 'prediction') show(ref, message);
    else if (type === 'subscribed') {
      if (attempts > 0) redraw();       // what happened meanwhile may not all be told
      attempts = 0;
      resume = { since: resume.since ?? message.seq, epoch: message.epoch };
      state('live', 'live');
    } else if (type === 'event') {
      resume.since = message.seq;
      look();
      if (['predictions', 'models'].includes(message.topic)) remember(message);
      if (message.topic === 'models' && ['promoted', 'rolled_back'].includes(message.data.action)) redraw();
    } else if (type === 'error' && ref === 'feed' && resume.epoch !== undefined) {
      resume = {};                // gone from the server's memory, or another server: start afresh
      subscribe();
    } else if (type === 'error') refuse(ref, message.problem);
  }

  function connect() {
    state('connecting', 'connecting');
    socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/ws?transport=page');
    socket.onopen = subscribe;
    socket.onmessage = ({ data }) => receive(JSON.parse(data));
    socket.onclose = () => {
      const wait = Math.min(RETRY[0] * 2 ** attempts++, RETRY[1]) * (0.75 + Math.random() / 2);
      state('lost', 'offline, reconnecting');
      setTimeout(connect, wait);
      if (answered !== asked) askRest({ ref: asked, row: row() });
    };
  }

  document.addEventListener('input', soon);
  document.addEventListener('click', async ({ target }) => {
    if (target.id !== 'logout') return;
    await fetch('/logout', { method: 'POST' }).catch(() => null);
    location.assign('/login');
  });
  $('form')?.addEventListener('reset', () => setTimeout(ask));           // after the browser has put the values back
  $('form')?.addEventListener('submit', event => { event.preventDefault(); ask(); });
  $('clear')?.addEventListener('click', () => { fill({}); ask(); });
  connect();
  ask();
})();
