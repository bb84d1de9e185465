"""What a session's variables are, as text: values, properties with their attributes, prototypes, and who is the same as whom."""


def describing(names: list[str]) -> str:
    """A program that gives `host.tell` the canonical description of these variables; it runs none of their code."""
    values = ", ".join(f"[{name!r}, typeof {name} === 'undefined' ? undefined : {name}]" for name in names)
    return f"await host.tell(({_DESCRIBE})([{values}])); undefined"


# Objects are numbered as they are met: two descriptions are equal where the graphs are.
_DESCRIBE = """(roots) => {
  const numbers = new Map(), lines = [], todo = [];
  const { getOwnPropertyDescriptor: own, getPrototypeOf: parent, ownKeys } = Reflect;
  const view = parent(Uint8Array.prototype);
  const get = (o, p, key) => own(p, key).get.call(o);
  const named = new Map([[Object.prototype, 'Object.prototype'], [Function.prototype, 'Function.prototype']]);
  for (const name of ['Array', 'Map', 'Set', 'Date', 'RegExp', 'Error', 'TypeError', 'RangeError', 'URL', 'URLSearchParams', 'ArrayBuffer', 'DataView',
    'Uint8Array', 'Int16Array', 'Float64Array', 'BigInt64Array', 'Number', 'String', 'Boolean', 'Symbol', 'BigInt', 'Promise', 'Math', 'JSON']) {
    const o = name === 'Error' ? Error : globalThis[name];
    named.set(o, name);
    if (o.prototype) named.set(o.prototype, name + '.prototype');
  }
  const say = (v) => {
    if (typeof v === 'string') return JSON.stringify(v);
    if (typeof v === 'bigint') return v + 'n';
    if (typeof v === 'number') return Object.is(v, -0) ? '-0' : String(v);
    if (typeof v === 'symbol') {
      const key = Symbol.keyFor(v);
      if (key !== undefined) return `Symbol.for(${key})`;
      for (const name of ['iterator', 'toPrimitive', 'toStringTag']) if (v === Symbol[name]) return 'Symbol.' + name;
    } else if (v === null || (typeof v !== 'object' && typeof v !== 'function')) return String(v);
    if (named.has(v)) return named.get(v);
    if (!numbers.has(v)) { numbers.set(v, numbers.size); todo.push(v); }
    return '#' + numbers.get(v);
  };
  const inside = (o) => {
    const kind = Object.prototype.toString.call(o);
    if (typeof o === 'symbol') return 'symbol ' + o.description;
    if (typeof o === 'function') return Function.prototype.toString.call(o).replace(/^class[^]*/, 'class');
    if (Array.isArray(o)) return 'array';
    const tries = [
      ['map', () => Array.from(Map.prototype.entries.call(o), ([k, v]) => say(k) + '=>' + say(v)).join()],
      ['set', () => Array.from(Set.prototype.values.call(o), say).join()],
      ['date', () => say(Date.prototype.getTime.call(o))],
      ['regexp', () => get(o, RegExp.prototype, 'source') && String(own(o, 'lastIndex').value) + RegExp.prototype.toString.call(o)],
      ['buffer', () => get(o, ArrayBuffer.prototype, 'byteLength') + ' ' + get(o, ArrayBuffer.prototype, 'maxByteLength') + ' ' + new Uint8Array(o)],
      ['view', () => say(get(o, view, 'buffer')) + get(o, view, 'byteOffset') + ' ' + get(o, view, 'length') + (get(o, view, Symbol.toStringTag) ?? null.x)],
      ['dataview', () => say(get(o, DataView.prototype, 'buffer')) + get(o, DataView.prototype, 'byteOffset') + ' ' + get(o, DataView.prototype, 'byteLength')],
      ['url', () => get(o, URL.prototype, 'href') + say(get(o, URL.prototype, 'searchParams'))],
      ['parameters', () => URLSearchParams.prototype.toString.call(o)],
      ['boxed', () => say(Number.prototype.valueOf.call(o))], ['boxed', () => say(String.prototype.valueOf.call(o))],
      ['boxed', () => say(Boolean.prototype.valueOf.call(o))], ['boxed', () => say(Symbol.prototype.valueOf.call(o))],
    ];
    if (Error.isError?.(o)) return 'error';
    for (const [name, f] of tries) try { return name + ' ' + f(); } catch {}
    return 'object';
  };
  for (const [name, value] of roots) lines.push(name + ' = ' + say(value));
  for (let i = 0; i < todo.length; i++) {
    const o = todo[i];
    let text = '#' + i + ' ' + inside(o);
    if (typeof o !== 'symbol') {
      text += (Object.isExtensible(o) ? ' : ' : ' closed : ') + say(parent(o));
      const isView = ArrayBuffer.isView(o) && !text.includes('dataview');
      const keys = isView ? [] : ownKeys(o);
      if (typeof o === 'function') keys.sort((a, b) => String(a) < String(b) ? -1 : 1);
      for (const key of keys) {
        const d = own(o, key);
        if (key === 'stack' && d.get && !Object.hasOwn(d.get, 'prototype') && /native/.test(d.get)) { text += '; stack'; continue; }
        if (key === 'stack' && typeof d.value === 'string') { text += '; stack'; continue; }
        text += '; ' + say(key) + (d.enumerable ? 'e' : '') + (d.configurable ? 'c' : '') + (d.writable ? 'w' : '') + ' ' +
          (d.get || d.set ? say(d.get) + '/' + say(d.set) : say(d.value));
      }
    }
    lines.push(text);
  }
  return lines.join('\\n');
}"""
