"""The style of a page, light and dark; nothing is told by colour alone."""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1f24; --quiet: #57606a; --line: #d0d7de; --panel: #f6f8fa;
  --link: #0550ae; --right: #116329; --wrong: #a40e26; --open: #7d4e00;
  --mark: #fff1c2; --mark-edge: #bf8700;
  --plus: #dafbe1; --plus-ink: #0b4a1c; --minus: #ffe4e1; --minus-ink: #82071e;
  --h0: #f1f3f5; --h0-ink: #57606a; --h1: #fdeac9; --h1-ink: #4a2c00; --h2: #f9b872;
  --h2-ink: #3b1d00; --h3: #c2410c; --h3-ink: #ffffff; --h4: #6e0b14; --h4-ink: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0d1117; --ink: #e6edf3; --quiet: #9da7b3; --line: #3d444d; --panel: #161b22;
    --link: #79c0ff; --right: #56d364; --wrong: #ff9492; --open: #e3b341;
    --mark: #3a2f0b; --mark-edge: #d29922;
    --plus: #12361f; --plus-ink: #aff5b4; --minus: #4b1418; --minus-ink: #ffdcd7;
    --h0: #1c2128; --h0-ink: #9da7b3; --h1: #3a2a16; --h1-ink: #f5dcb4; --h2: #7a3f12;
    --h2-ink: #ffffff; --h3: #e8590c; --h3-ink: #1a0a00; --h4: #ffc9c9; --h4-ink: #5c0008;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 70rem; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .75rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .5rem; }
a { color: var(--link); }
code, pre, .code, .number { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, monospace;
  font-size: .875rem; }
.right { color: var(--right); } .wrong { color: var(--wrong); }
.inconclusive { color: var(--open); }
.quiet { color: var(--quiet); }
.panel { border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 0 0 1rem; }
.panel > p { margin: 0 0 .75rem; }
details > .panel { margin-top: .75rem; }
.panel > :last-child { margin-bottom: 0; }
.scroll { overflow-x: auto; }
.code { background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  margin: 0 0 .75rem; padding: .5rem 0; white-space: pre; overflow-x: auto; line-height: 1.45; }
.code > span { display: block; min-width: max-content; padding: 0 .75rem 0 0;
  border-left: 4px solid transparent; }
.code .gutter { display: inline-block; min-width: 6.25rem; padding: 0 .75rem; text-align: right;
  color: var(--quiet); user-select: none; }
.code .marked { background: var(--mark); border-left-color: var(--mark-edge); }
.code .marked .gutter { color: var(--ink); font-weight: 700; }
.code .plus { background: var(--plus); color: var(--plus-ink); }
.code .plus .gutter { color: var(--plus-ink); }
.code .minus { background: var(--minus); color: var(--minus-ink); }
.diff > span { padding-left: .75rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th.number { font-family: inherit; font-size: inherit; }
td.number, th.number { text-align: right; white-space: nowrap; }
.heat { margin: 0 0 1.25rem; border-spacing: 2px; border-collapse: separate; }
.heat th { border: 0; font-weight: 400; color: var(--quiet); padding: .15rem .5rem;
  white-space: nowrap; }
.heat thead th { text-align: center; }
.heat td { border: 0; border-radius: 3px; padding: .2rem .35rem; min-width: 3.1rem;
  text-align: center; font-variant-numeric: tabular-nums; font-size: .8rem; }
.h0 { background: var(--h0); color: var(--h0-ink); } .h1 { background: var(--h1);
  color: var(--h1-ink); } .h2 { background: var(--h2); color: var(--h2-ink); }
.h3 { background: var(--h3); color: var(--h3-ink); } .h4 { background: var(--h4);
  color: var(--h4-ink); } .unknown { color: var(--quiet); }
.legend span { display: inline-block; border-radius: 3px; padding: .1rem .5rem; margin: 0 .25rem;
  font-size: .8rem; }
summary { cursor: pointer; color: var(--link); }
@media (max-width: 40rem) { body { padding: .75rem; } dl { grid-template-columns: 1fr; }
  dt { margin-top: .5rem; } }
"""
