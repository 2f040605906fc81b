"""The page's one style sheet: light and dark, phone and paper. Colours are custom properties at its top.

Text has a contrast of at least 4.5 : 1 on its ground, marks at least 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import base64
import hashlib

LIGHT = {
    "ground": "#f6f7f9",
    "card": "#fff",
    "ink": "#16202c",
    "soft": "#55606e",
    "line": "#dfe3e8",
    "inset": "#f0f2f5",
    "link": "#0b57c2",
    "error": "#b92020",
    "error-soft": "#fdecec",
    "warning": "#855000",
    "warning-soft": "#fff3dc",
    "note": "#0b6074",
    "note-soft": "#e2f4f8",
    "blind": "#7a2bb8",
    "blind-soft": "#f4e9fd",
    "good": "#1a6b3c",
    "good-soft": "#e3f5ea",
    "bar": "#3470d0",
    "pale": "#c3d7f4",
    "bad": "#d23c36",
    "one": "#c62f2a",
    "two": "#1f4f9e",
    "three": "#0a766b",
}
DARK = {
    "ground": "#0e1319",
    "card": "#171e27",
    "ink": "#e7ecf2",
    "soft": "#9eabb9",
    "line": "#2b3542",
    "inset": "#212b36",
    "link": "#83b4ff",
    "error": "#ff8f88",
    "error-soft": "#351a1c",
    "warning": "#f3b557",
    "warning-soft": "#32260f",
    "note": "#6fcde2",
    "note-soft": "#102d36",
    "blind": "#cfa3f7",
    "blind-soft": "#2a1c3a",
    "good": "#6bd596",
    "good-soft": "#122d1e",
    "bar": "#5e97f2",
    "pale": "#2f4a72",
    "bad": "#f2716b",
    "one": "#ff8079",
    "two": "#9cc0ff",
    "three": "#45cdbd",
}
PAPER = LIGHT | {"ground": "#fff", "ink": "#000", "soft": "#444", "line": "#bbb", "inset": "#eee"}


def _properties(colours: dict[str, str]) -> str:
    return ";".join(f"--{name}:{colour}" for name, colour in colours.items())


_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);overflow-wrap:anywhere;
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{max-width:68rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.25rem}
footer{padding-bottom:2.5rem;color:var(--soft);font-size:.88rem}
h1,h2,h3,h4,p,dl,dd,figure,ol,ul{margin:0}
h1{font-size:1.65rem;line-height:1.2;letter-spacing:-.01em}
h1::first-letter{text-transform:uppercase}
h2{font-size:1.2rem;margin:2rem 0 .75rem;color:var(--ink)}
h3{font-size:1.05rem;line-height:1.4}
h4{font-size:.95rem;margin-bottom:.15rem}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
code{font:.9em/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.soft{color:var(--soft)}
.group{margin-top:.9rem}

.brand{display:flex;justify-content:space-between;gap:1rem;font-size:.88rem;color:var(--soft);margin-bottom:.6rem}
.brand b{color:var(--ink)}
.banner{display:flex;gap:1rem;align-items:center;padding:1.1rem 1.25rem;border-radius:14px;
border:1px solid var(--tone);background:var(--tone-soft)}
.banner h1{color:var(--tone)}
.banner svg{flex:none;width:44px;height:44px}
.banner p{margin-top:.2rem}
.mark{fill:none;stroke:var(--tone);stroke-width:3;stroke-linecap:round;stroke-linejoin:round}
.open{--tone:var(--good);--tone-soft:var(--good-soft)}
.closed,.error{--tone:var(--error);--tone-soft:var(--error-soft)}
.unknown,.blind{--tone:var(--blind);--tone-soft:var(--blind-soft)}
.warning{--tone:var(--warning);--tone-soft:var(--warning-soft)}
.note{--tone:var(--note);--tone-soft:var(--note-soft)}
.suppressed{--tone:var(--soft);--tone-soft:var(--inset)}

.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.4rem,1fr));gap:.6rem;margin:.75rem 0}
.counts{grid-template-columns:repeat(auto-fit,minmax(5.4rem,1fr))}
.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.6rem .8rem}
.tile dt{font-size:.82rem;color:var(--soft);line-height:1.3}
.tile dd{font-size:1.45rem;font-weight:650;line-height:1.25;font-variant-numeric:tabular-nums}
.tile small{display:block;font-size:.82rem;font-weight:400;color:var(--soft)}
.on dd{color:var(--tone)}
.facts{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.1rem .9rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.1rem;
margin:.75rem 0}
.card>h3+p{font-size:.88rem}
.badge{display:inline-block;padding:.05rem .5rem;border-radius:99px;font-size:.8rem;font-weight:600;
white-space:nowrap;color:var(--tone);background:var(--tone-soft);border:1px solid var(--tone)}

table{border-collapse:collapse;width:100%;text-align:left}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.3rem}
th,td{padding:.5rem .7rem;vertical-align:top;border-top:1px solid var(--line)}
thead th{border-top:0;font-size:.8rem;font-weight:600;color:var(--soft)}
.findings{background:var(--card);border:1px solid var(--line);border-radius:12px;border-collapse:separate;
border-spacing:0;overflow:hidden}
.findings td:first-child{width:16rem;border-left:4px solid var(--tone)}
.findings td:nth-child(2){width:24%}
.mend{color:var(--soft);margin-top:.3rem}
.mend b{color:var(--ink);font-weight:600}
.mend ul{padding-left:1.2rem}
.figures{font-size:.85rem;font-variant-numeric:tabular-nums;margin:.4rem 0}
.figures th,.figures td{padding:.22rem .35rem}
.figures tbody th{font-weight:400}
.figures td,.figures thead th:not(:first-child){text-align:right}
.measures{font-size:.88rem;columns:17rem;column-gap:1.75rem;margin-top:.6rem}
.measures div{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);
padding:.18rem 0;break-inside:avoid}
.measures dt{color:var(--soft)}
.measures dd{max-width:65%;overflow-wrap:break-word;text-align:right;font-variant-numeric:tabular-nums}
details{margin-top:.5rem}
summary{cursor:pointer;color:var(--link);font-size:.88rem}
details[open]>summary{margin-bottom:.3rem}

figure{border:1px solid var(--line);border-radius:12px;padding:.9rem 1rem;margin-bottom:.75rem;
background:var(--card);break-inside:avoid}
figcaption{margin-bottom:.6rem}
figcaption p{font-size:.88rem;color:var(--soft)}
figure svg{display:block;overflow:visible}
figure text{font:12px/1 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;fill:var(--ink);
font-variant-numeric:tabular-nums}
figure .dim{fill:var(--soft)}
figure .small{font-size:11px}
figure .in{fill:var(--card);font-weight:700}
.tail{text-anchor:end}
.mid{text-anchor:middle}
.axis{stroke:var(--soft);stroke-opacity:.5}
.path{stroke:var(--bar);stroke-opacity:.6;stroke-width:2}
.limit{stroke:var(--soft);stroke-dasharray:4 3}
.track{fill:var(--inset)}
.bar{fill:var(--bar)}
.pale{fill:var(--pale)}
.bad{fill:var(--bad)}
.rest{fill:var(--soft);fill-opacity:.5}
.g0{fill:var(--one);stroke:var(--card)}
.g1{fill:var(--two);stroke:var(--card)}
.g2{fill:var(--three);stroke:var(--card)}
.key,.combinations,.mendings{list-style:none;padding:0}
.key{display:flex;flex-wrap:wrap;gap:.15rem 1rem;margin-top:.2rem;font-size:.85rem;color:var(--soft)}
.key svg{display:inline-block;width:12px;height:12px;margin-right:.35rem;vertical-align:-1px}
.chips{display:flex;flex-wrap:wrap;gap:.3rem;align-items:center}
.chip{background:var(--inset);border:1px solid var(--line);border-radius:6px;padding:.05rem .45rem;
font-size:.85rem}
.combinations{display:grid;gap:.6rem 2rem}
.combinations li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:.3rem .8rem;align-items:end}
.combinations svg{grid-column:1/-1}
.combinations b{font-size:.88rem;font-weight:400;font-variant-numeric:tabular-nums}
.mendings{display:grid;gap:.6rem;margin-top:.7rem}
.mendings li{display:grid;grid-template-columns:1.7rem minmax(0,1fr);gap:.15rem .6rem;
border-top:1px solid var(--line);padding-top:.6rem}
.mendings p{grid-column:2;font-size:.88rem;color:var(--soft)}
.mendings p b{color:var(--ink)}
.number{width:1.6rem;height:1.6rem;border-radius:50%;background:var(--bar);color:var(--card);
font-weight:700;font-size:.85rem;display:grid;place-items:center}

@media (min-width:56rem){
.charts{columns:2;column-gap:.75rem;margin-bottom:.75rem}
.combinations{grid-template-columns:repeat(2,minmax(0,1fr))}
}
@media (max-width:46rem){
.findings,.findings tbody,.findings tr,.findings td{display:block}
.findings thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.findings tr{border-left:4px solid var(--tone);padding:.6rem .8rem;border-top:1px solid var(--line)}
.findings tbody tr:first-child{border-top:0}
.findings td,.findings td:first-child,.findings td:nth-child(2){border:0;padding:.12rem 0;width:auto}
.banner{padding:.9rem 1rem}
.card,figure{padding:.8rem}
}
"""

_PRINT = """
@page{margin:14mm}
body{font-size:10pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
header,main,footer{max-width:none;padding:0}
.card,.tile,figure,tr,li{break-inside:avoid}
h2,h3,h4{break-after:avoid}
details::details-content{content-visibility:visible;display:block}
"""

STYLE = f"""
:root{{color-scheme:light dark;{_properties(LIGHT)}}}
@media (prefers-color-scheme:dark){{:root{{{_properties(DARK)}}}}}
{_RULES.strip()}
@media print{{
:root{{color-scheme:light;{_properties(PAPER)}}}
{_PRINT.strip()}
}}
"""

STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
"""SHA-256 as a Content Security Policy states it: no other style, and no script, may run in the page."""
