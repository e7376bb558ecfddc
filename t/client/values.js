'use strict';
// values.js: values that must survive the way from a client into Ruby and back.
const big = 'deferd '.repeat(150000);

function nested(depth) {
  let v = { bottom: true };
  for (let i = 1; i < depth; i++) v = i % 2 ? [v] : { v };
  return v;
}

module.exports = [
  ['zero', 0],
  ['small integers', [1, -1, 127, 128, 255, 256, 65535, 65536, -128, -129, -32769]],
  ['32-bit edges', [2147483647, 2147483648, -2147483648, -2147483649, 4294967296]],
  ['integers up to 2^53', [9007199254740991, -9007199254740991, 4611686018427387904]],
  ['fractions', [0.1, -0.5, 1.5, 3.141592653589793, 1e-7, 123456.789]],
  // Debian's mruby keeps 50 bits of a float's 52: the last digits of a long one may go.
  ['great and tiny floats', [1e100, 1.5e308, -1e-300, 2.5e-308]],
  ['booleans and null', [true, false, null]],
  ['an empty string', ['']],
  ['text', ['hello', 'quote " and \\ and /', 'line\nbreak\ttab\r']],
  ['text beyond ASCII', ['grüße', '漢字', '😀 🎉', '\u2028\u2029', 'e\u0301']],
  ['control characters and NUL', ['\u0000', 'a\u0000b', '\u0001\u001f\u007f']],
  ['a string of 1 MB', [big]],
  ['empty containers', [[], {}, [[]], [{}], { a: [] }]],
  ['odd keys', { '': 1, 'é': 2, 'a b': 3, '0': 4, 'with.dot': 5, '$x': 6, '漢': 7 }],
  ['24 levels', nested(24)],
  ['10,000 elements', Array.from({ length: 10000 }, (_, i) => i)],
  ['2,000 keys', Object.fromEntries(Array.from({ length: 2000 }, (_, i) => ['k' + i, i]))],
];
