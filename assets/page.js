// What only the browser can do for the page: predict as one types, follow the live feed, swap what the server draws
// anew. Data reach the document as text, never as markup.
'use strict';
(() => {
  const TYPING = 120;             // ms of silence before a row is sent
  const FEED = 12;                // predictions kept in sight
  const SHOWN = 8;                // contributions shown one by one
  const CALM = 1000;              // ms between two looks at monitor, alerts and loop, however much happens
  const RETRY = [500, 15000];     // ms between attempts to reconnect: first, most
  /** Address of the server, with its base path: this script is one of its files. */
  const SERVER = document.currentScript.src.replace(/\/assets\/page\.js.*$/, '');
  const SVG = 'http://www.w3.org/2000/svg';

  const $ = id => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const percent = p => p > 0 && p < 0.0005 ? '< 0.1 %' : p < 1 && p > 0.9995 ? '> 99.9 %' : (100 * p).toFixed(1) + ' %';
  const signed = v => (v < 0 ? '−' : '+') + Math.abs(v).toFixed(3);

  function make(tag, name, ...children) {
    const e = document.createElement(tag);
    if (name) e.className = name;
    e.append(...children.map(c => c instanceof Node ? c : visible(c)));
    return e;
  }

  /** Text of strangers: what cannot be seen, or turns the direction of what follows, is written out, as the server does. */
  const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
  const visible = text => String(text).replace(HIDDEN, c => `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);

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

  // ── What the server draws, as the reader's own clock has it ────────────────────────────────────────────────────────
  const [MINUTE, HOUR, DAY] = [60, 3600, 86400];      // in seconds
  const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
  const two = n => String(n).padStart(2, '0');
  const hours = date => `${two(date.getHours())}:${two(date.getMinutes())}`;
  const clock = time => { const date = new Date(time); return `${hours(date)}:${two(date.getSeconds())}`; };

  /** As the server writes a time, in the reader's zone: 2026-01-31 09:15, with seconds where it has them. */
  function local(date, written) {
    const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
    return `${day} ${/:\d\d:\d\d/.test(written) ? clock(date) : hours(date)}`;
  }

  /** As `report::chart::ticks` writes the times of a step. */
  function mark(date, step) {
    const day = `${two(date.getDate())} ${MONTHS[date.getMonth()]}`;
    if (step < MINUTE) return clock(date);
    if (step < 3 * HOUR) return hours(date);
    if (step < DAY) return `${day} ${hours(date)}`;
    if (step < 30 * DAY) return day;
    if (step < 365 * DAY) return `${day} ${date.getFullYear()}`;
    return step < 366 * DAY ? `${MONTHS[date.getMonth()]} ${date.getFullYear()}` : String(date.getFullYear());
  }

  /** The first round time at or after `seconds`, and the others up to `to`: multiples of the step by the reader's clock. */
  function* rounds(step, seconds, to) {
    const offset = at => -MINUTE * new Date(1000 * at).getTimezoneOffset();
    for (let at = Math.ceil((seconds + offset(seconds)) / step) * step; ; at += step) {
      const instant = at - offset(at - offset(at));      // the clock may have been changed on the way
      if (instant > to) return;
      if (instant >= seconds) yield instant;
    }
  }

  /** Marks an axis of time anew: a day begins where it begins for the reader. */
  function remark(axis) {
    const [step, from, to, left, right] = ['step', 'from', 'to', 'left', 'right'].map(key => Number(axis.dataset[key]));
    const pattern = axis.querySelector('text');
    if (!pattern) return;
    const marks = [...rounds(step, from, to)].map(at => {
      const text = pattern.cloneNode();
      text.textContent = mark(new Date(1000 * at), step);
      const half = 2.6 * text.textContent.length;        // as the server keeps them on the drawing
      text.setAttribute('x', Math.max(half, Math.min(right + 10 - half, left + (at - from) / (to - from) * (right - left))).toFixed(1));
      return text;
    });
    axis.replaceChildren(...marks);
  }

  /** The name of the reader's zone, such as GMT+5:30. */
  const ZONE = new Intl.DateTimeFormat('en', { timeZoneName: 'short' }).formatToParts().find(part => part.type === 'timeZoneName').value;

  /** Times in sentences and tables, and along the axes of charts. */
  function localise(root) {
    for (const time of all('time[datetime]', root)) {
      const date = new Date(time.dateTime);
      if (Number.isNaN(date.valueOf())) continue;
      time.title = time.dateTime;
      time.textContent = local(date, time.textContent);
    }
    all('g[data-step]', root).forEach(remark);
    all('[data-zone]', root).forEach(zone => { zone.textContent = ZONE; });
  }

  /** A part that the server has drawn, ready to take its place here. */
  function adopted(fresh) {
    localise(fresh);
    return document.adoptNode(fresh);
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
    requests(JSON.stringify(asking.row));
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(asking));
    else askRest(asking);
  }

  /** The request as one would send it oneself. */
  function requests(row) {
    const url = `${SERVER}/v1/predict?explain=true`;
    const quoted = row.replaceAll("'", "'\\''");
    $('curl').textContent = `curl -s '${url}' \\\n  -H 'Content-Type: application/json' \\\n  -d '${quoted}'`;
    $('python').textContent = `import requests\n\nrow = ${JSON.stringify(row)}\nanswer = requests.post(\n    "${url}",\n`
      + `    data=row.encode(),\n    headers={"Content-Type": "application/json"},\n)\nprint(answer.json())`;
    $('javascript').textContent = `const answer = await fetch('${url}', {\n  method: 'POST',\n`
      + `  headers: { 'Content-Type': 'application/json' },\n  body: JSON.stringify(${row}),\n});\nconsole.log(await answer.json());`;
  }

  async function askRest({ ref, row }) {
    const headers = { 'Content-Type': 'application/json' };
    try {
      const answer = await fetch(SERVER + '/v1/predict?explain=true&store=false&transport=page', { method: 'POST', headers, body: JSON.stringify(row) });
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
    meaning(answer.probability);
    whatIf();
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
    const total = (word, about, value) => {
      const told = make('td', 'muted', about);
      told.colSpan = 2;
      return make('tr', 'total', make('th', '', word), told, make('td', 'number', value.toFixed(3)));
    };
    const table = $('contributions');
    table.tBodies[0].replaceChildren(total('base', 'mean of the training rows', base), ...lines);
    table.tFoot.replaceChildren(total('probability', 'the sum', probability));
    table.hidden = false;
    $('why-empty').hidden = true;
  }

  /** What the probability meant among rows that the model had not seen. */
  function meaning(p) {
    const bins = JSON.parse($('form').dataset.calibration || '[]');
    const nearest = bins.reduce((best, bin) => !best || Math.abs(bin.predicted - p) < Math.abs(best.predicted - p) ? bin : best, null);
    $('meaning').textContent = nearest
      ? `Of 100 rows scored like this, about ${Math.round(100 * nearest.observed)} were ${$('form').dataset.positive} `
        + `(${Math.round(100 * nearest.low)} to ${Math.round(100 * nearest.high)}; ${nearest.rows} rows that the model had not seen).`
      : '';
  }

  // ── What if: the server draws the row's probability over one column ──────────────────────────────────────────────
  let curves = 0;

  async function whatIf() {
    const turn = ++curves;
    const column = $('what-if-column')?.value;
    if (!column) return;
    const headers = { 'Content-Type': 'application/json' };
    const path = SERVER + '/fragments/what-if?column=' + encodeURIComponent(column);
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(row()) }).catch(() => null);
    if (!answer?.ok || turn !== curves) return;
    const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html');
    $('what-if').replaceChildren(...[...drawn.body.children].map(adopted));
  }

  // ── A file: predicted as a trial; the download is for people, so no cell of it is a formula ──────────────────────
  function cells(text) {
    const rows = [[]];
    for (let i = 0, cell = '', quoted = false; i <= text.length; i++) {
      const c = text[i];
      if (quoted && c !== undefined) {
        if (c !== '"') cell += c;
        else if (text[i + 1] === '"') { cell += c; i++; }
        else quoted = false;
      } else if (c === '"') quoted = true;
      else if (c === ',' || c === '\n' || c === undefined) {
        rows.at(-1).push(cell.replace(/\r$/, ''));
        cell = '';
        if (c === '\n' && i + 1 < text.length) rows.push([]);
      } else cell += c;
    }
    return rows;
  }

  /** A spreadsheet takes a cell that begins like this for a formula; numbers are none. */
  const harmless = cell => /^[=+\-@\t\r]/.test(cell) && !Number.isFinite(Number(cell)) ? "'" + cell : cell;
  const quote = cell => /[",\n\r]/.test(cell) ? '"' + cell.replaceAll('"', '""') + '"' : cell;

  function predictFile(file) {
    const [bar, said, link] = [$('file-progress'), $('file-said'), $('file-download')];
    const request = new XMLHttpRequest();     // fetch does not tell how much is sent
    bar.hidden = false;
    link.hidden = true;
    said.textContent = `${file.name} is sent`;
    request.open('POST', SERVER + '/v1/predict?partial=true&store=false&transport=page');
    request.setRequestHeader('Content-Type', 'text/csv');
    request.upload.onprogress = ({ loaded, total }) => { bar.value = 90 * loaded / total; };
    request.onerror = () => { said.textContent = 'No answer: the server cannot be reached, or the file is too large.'; bar.hidden = true; };
    request.onload = () => {
      bar.hidden = true;
      if (request.status !== 200) {
        let problem = {};
        try { problem = JSON.parse(request.responseText); } catch { /* no document */ }
        const faults = (problem.errors ?? []).slice(0, 5).map(e => `line ${e.line ?? '?'}: ${words(e.problem)} ${e.path ?? ''}`);
        said.textContent = [problem.title ?? `status ${request.status}`, problem.detail, ...faults].filter(Boolean).join('; ');
        return;
      }
      const rows = cells(request.responseText);
      const [head, ...body] = rows;
      const probability = head.indexOf('probability');
      const bad = body.filter(cells => !cells[probability]).length;
      said.textContent = `${body.length} rows` + (bad ? `, ${bad} of them without a prediction: see the column warnings` : '');
      const line = (tag, cells) => make('tr', '', ...cells.map(cell => make(tag, '', cell)));
      $('file-preview').replaceChildren(make('table', '', make('thead', '', line('th', head)),
        make('tbody', '', ...body.slice(0, 20).map(cells => line('td', cells)))));
      $('file-preview').hidden = false;
      const text = rows.map(cells => cells.map(harmless).map(quote).join(',')).join('\n') + '\n';
      URL.revokeObjectURL(link.href);
      link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
      link.hidden = false;
    };
    request.send(file);
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
    if (!$('feed')) return;
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
      await Promise.all(all('[data-part]').map(e => refresh(e.id)));
      if (document.querySelector('[data-again]') && !location.search) await again();
      looking = undefined;
    }, CALM);
  }

  /** Takes over a part of the page as the server draws it now. */
  async function refresh(part) {
    const answer = await fetch(`${SERVER}/fragments/${part}`).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(part);
    const opened = all('details[open]', $(part)).length > 0;     // not under the reader's eyes
    if (fresh && !opened) $(part).replaceWith(adopted(fresh));
    if (part === 'alerts') tellState();
  }

  /** Takes over the parts of this page that tell what happened, and keeps open what was opened. */
  async function again() {
    const answer = await fetch(location.pathname).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const e of all('[data-again]')) {
      if (e.querySelector('details[open]')) continue;
      const other = fresh.getElementById(e.id);
      if (other) e.replaceWith(adopted(other));
    }
  }

  /** What the server drew last, by id, before anything was filled in. */
  const drawn = new Map(all('[data-swap]').map(e => [e.id, e.outerHTML]));

  /** Another model may be live: takes over what the server draws differently now, keeps what was typed, asks again. */
  async function redraw() {
    const answer = await fetch(location.href).catch(() => null);
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    if (fresh.getElementById('form')?.dataset.target !== $('form')?.dataset.target) return location.reload();
    const typed = row();
    for (const e of all('[data-swap]', fresh).filter(e => drawn.get(e.id) !== e.outerHTML)) {
      drawn.set(e.id, e.outerHTML);
      $(e.id)?.replaceWith(adopted(e));
    }
    document.title = fresh.title;
    if ($('form')) fill(typed);
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
      look();                           // nor what happened between the drawing of this page and now
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
    socket = new WebSocket(SERVER.replace(/^http/, 'ws') + '/ws?transport=page');
    socket.onopen = subscribe;
    socket.onmessage = ({ data }) => receive(JSON.parse(data));
    socket.onclose = () => {
      const wait = Math.min(RETRY[0] * 2 ** attempts++, RETRY[1]) * (0.75 + Math.random() / 2);
      state('lost', 'offline, reconnecting');
      setTimeout(connect, wait);
      if (answered !== asked) askRest({ ref: asked, row: row() });
    };
  }

  // ── Buttons that ask the server for something ─────────────────────────────────────────────────────────────────────
  /** Whether the reader agrees; a dialog of the page, not of the browser. */
  function agreed(question) {
    const dialog = make('dialog', '', make('p', '', question));
    const buttons = make('form', 'buttons', ...['Cancel', 'Yes'].map(word => Object.assign(make('button', '', word), { value: word })));
    buttons.method = 'dialog';
    dialog.append(buttons);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise(resolve => { dialog.onclose = () => { dialog.remove(); resolve(dialog.returnValue === 'Yes'); }; });
  }

  async function act(method, path, body, button) {
    button.disabled = true;
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(path, { method, headers, body }).catch(() => null);
    const json = await answer?.json().catch(() => ({})) ?? {};
    if (answer?.ok && !json.remaining) return location.reload();
    button.disabled = false;
    const why = [json.title ?? (answer ? '' : 'The server cannot be reached'), json.detail ?? json.quarantine?.[0]?.reason];
    const faults = (json.errors ?? []).map(e => `${e.path}: ${words(e.problem)}, takes ${e.allowed}`);
    if ($('said')) $('said').textContent = [...why, ...faults].filter(Boolean).join(': ') || JSON.stringify(json);
  }

  document.addEventListener('click', async ({ target }) => {
    if (!(target instanceof HTMLButtonElement)) return;
    const { post, delete: remove, body, confirm, copy } = target.dataset;
    if (copy) {
      await navigator.clipboard?.writeText($(copy).textContent).catch(() => null);
      target.textContent = 'Copied';
      setTimeout(() => { target.textContent = 'Copy'; }, 1500);
    }
    if (!post && !remove || confirm && !await agreed(confirm)) return;
    await act(post ? 'POST' : 'DELETE', post ?? remove, post ? body ?? '{}' : undefined, target);
  });
  document.addEventListener('submit', event => {
    const form = event.target;
    if (form.dataset.into) return event.preventDefault();
    if (!form.dataset.json) return;
    event.preventDefault();
    const body = {};
    for (const field of all('input, select', form)) {
      if (field.value) body[field.name] = 'list' in field.dataset ? field.value.split(/[\s]+/) : field.value;
    }
    act('POST', form.dataset.json, JSON.stringify(body), form.querySelector('button'));
  });
  document.addEventListener('input', async event => {
    const form = event.target.closest?.('form[data-into]');
    if (!form) return;
    const path = `${form.getAttribute('action')}?${new URLSearchParams(new FormData(form))}`;
    const answer = await fetch(path).catch(() => null);
    if (!answer?.ok) return;
    const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(form.dataset.into);
    if (drawn) $(form.dataset.into).replaceWith(adopted(drawn));
  });
  localise(document);
  $('file')?.addEventListener('change', ({ target }) => target.files[0] && predictFile(target.files[0]));
  $('drop')?.addEventListener('dragover', event => { event.preventDefault(); $('drop').classList.add('over'); });
  $('drop')?.addEventListener('dragleave', () => $('drop').classList.remove('over'));
  $('drop')?.addEventListener('drop', event => {
    event.preventDefault();
    $('drop').classList.remove('over');
    if (event.dataTransfer.files[0]) predictFile(event.dataTransfer.files[0]);
  });
  $('what-if-column')?.addEventListener('change', whatIf);
  document.addEventListener('input', ({ target }) => { if (target.closest?.('#form')) soon(); });
  document.addEventListener('click', async ({ target }) => {
    if (target.id !== 'logout') return;
    await fetch(SERVER + '/logout', { method: 'POST' }).catch(() => null);
    location.assign(SERVER + '/login');
  });
  $('form')?.addEventListener('reset', () => setTimeout(ask));           // after the browser has put the values back
  $('form')?.addEventListener('submit', event => { event.preventDefault(); ask(); });
  $('clear')?.addEventListener('click', () => { fill({}); ask(); });
  connect();
  ask();
})();
