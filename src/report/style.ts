// The style sheet of report.html and compare.html: colours as variables for light and dark, what a screen and paper need.

/** Colours are those of the labelling page (review/page/ground.css), with one more for each valence. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fbfbf9; --sheet: #ffffff; --ink: #1c1c1a; --soft: #5a5a55; --line: #d9d8d2;
  --accent: #0b5cad; --tint: #e7f0fa; --bad: #b0362c; --mixed: #8a5f00; --good: #19714f; --plain: #64635d; --pale: #ecebe6;
  font: 16px/1.55 system-ui, sans-serif;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ground: #161715; --sheet: #1f201e; --ink: #eceae4; --soft: #aeaca4; --line: #3d3e3a;
    --accent: #8dbef2; --tint: #22334a; --bad: #ff9d94; --mixed: #e3b355; --good: #6fd0a5; --plain: #b3b1a9; --pale: #2b2c29;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; }
main { max-width: 50rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
p, li, td, th, dd, dt, figcaption, blockquote, summary, text { unicode-bidi: isolate; }
h1 { font-size: 1.1rem; margin: 0; color: var(--soft); font-weight: 600; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3.2rem 0 0.4rem; padding-top: 0.8rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.08rem; line-height: 1.3; margin: 1.8rem 0 0.2rem; }
p, ul { margin: 0.4rem 0 0.8rem; max-width: 44rem; }
ul { padding-left: 1.2rem; }
li { margin: 0.25rem 0; }
.lead { font-size: clamp(1.35rem, 4.4vw, 1.85rem); line-height: 1.3; font-weight: 600; margin: 0.5rem 0 0.9rem; max-width: none; }
.soft, .key, caption, summary, .place { color: var(--soft); }
.box { background: var(--sheet); border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 4px; padding: 0.7rem 1.1rem; margin: 1.1rem 0; }
.box h2 { font-size: 1rem; margin: 0; padding: 0; border: 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.6rem 1.2rem; margin: 1.2rem 0; }
.facts div { border-top: 1px solid var(--line); padding-top: 0.3rem; }
.facts dt { font-size: 0.82rem; color: var(--soft); }
.facts dd { margin: 0; font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; list-style: none; padding: 0; max-width: none; font-size: 0.95rem; }
a { color: var(--accent); }
figure { margin: 1.4rem 0 2rem; }
figcaption { max-width: 44rem; margin-bottom: 0.6rem; }
figcaption strong { display: block; font-size: 1.05rem; line-height: 1.3; }
figcaption span, .key { font-size: 0.9rem; }
figcaption span { color: var(--soft); }
svg { display: block; max-width: 100%; height: auto; color: var(--ink); overflow: visible; }
.narrow { display: none; }
.pair { display: flex; flex-wrap: wrap; gap: 0 2.4rem; }
.pair figure { flex: 1 1 20rem; max-width: 24rem; }
.key { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; margin: 0.3rem 0; }
.key svg { display: inline-block; vertical-align: -0.15em; margin-right: 0.35em; }
details { margin: 0.3rem 0; font-size: 0.9rem; }
summary { cursor: pointer; display: list-item; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroll { overflow-x: auto; margin: 0.6rem 0; }
table { border-collapse: collapse; font-size: 0.86rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; padding: 0 0 0.3rem; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.9rem 0.25rem 0; border-bottom: 1px solid var(--line); min-width: 4.2rem; max-width: 24rem; overflow-wrap: anywhere; }
thead th { vertical-align: bottom; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 400; }
td.number { text-align: right; white-space: nowrap; }
td.thin { color: var(--soft); }
.group { margin: 1.3rem 0; padding: 0.7rem 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 4px; }
.group h3 { margin: 0 0 0.2rem; font-size: 1rem; }
.group p { margin: 0.15rem 0; font-size: 0.92rem; }
.new { color: var(--accent); font-weight: 600; }
blockquote { margin: 0.5rem 0; padding-left: 0.8rem; border-left: 2px solid var(--line); font: 0.95rem/1.5 Georgia, "Times New Roman", serif; max-width: 44rem; }
.place { display: block; font: 0.78rem/1.4 system-ui, sans-serif; }
pre { overflow-x: auto; white-space: pre-wrap; padding: 0.7rem; font-size: 0.8rem; background: var(--sheet); border: 1px solid var(--line); }
@media screen and (max-width: 47rem) {
  .wide { display: none; }
  .narrow { display: block; }
  h2 { font-size: 1.2rem; }
}
@media print {
  :root { --ground: #ffffff; font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  nav, details { display: none; }
  h2, h3, figcaption { break-after: avoid; }
  figure, .group, .box, tr { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { min-width: 0; padding-right: 0.5rem; }
}
@media (forced-colors: active) { svg { forced-color-adjust: none; background: #ffffff; color: #000000; } }`;
