// The same documents for every format: emoji, astral characters, right-to-left text, CRLF, quotes, long and odd ones.
export interface Fixture {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export const DOCUMENTS: readonly Fixture[] = [
  { id: 'plain', title: 'Plain', text: 'The robot opened the door. It said nothing.' },
  { id: 'emoji', title: 'Emoji 🤖', text: '🤖 said: "I was awake 😀😀."\nThen it slept.' },
  { id: 'astral', title: '𝔸𝕀', text: '𝔗𝔥𝔢 machine 𐍈 spoke in 𠜎.' },
  { id: 'rtl', title: 'עברית', text: 'الروبوت said שלום to the android.\u200f' },
  { id: 'crlf', title: 'Lines', text: 'First line.\r\nSecond line of the computer.\r\n\r\nThird.' },
  { id: 'quotes', title: 'He said "no", twice', text: 'He said ""no"", then, with a comma: \'yes\'. \\ backslash, tab\there.' },
  { id: 'accents', title: 'Café', text: 'Le robót à l’étage; naïve; combining e\u0301; ﬁne ligature.' },
  { id: 'escapes', title: 'Controls', text: 'a\u0007b\u001b[31mred\u001b[0m and a zero width \u200b joiner' },
  { id: 'html', title: '<script>alert(1)</script>', text: '<img src=x onerror=alert(1)> & "AI" =cmd|/c calc' },
  { id: 'none', title: 'No AI', text: 'The garden was wet. Nobody came that day, and the cat slept on the wall.' },
  { id: 'spaces', title: ' spaced ', text: '  leading and trailing white space of an android  \n' },
  { id: 'long', title: 'Long', text: `${'The ship’s computer counted the hours. '.repeat(2000)}🙂` },
  { id: '12', title: 'Number id', text: 'An artificial\n  intelligence over lines.' },
];
