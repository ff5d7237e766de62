"""Logs of weapons as their makers' software writes them."""

from __future__ import annotations

X2 = """Serial Number,X2900ABC1
Model,TASER X2
Firmware,Rev. 04.032

Seq #,Local Time [+00:00],Event [Event Type],Duration [Seconds],Temp [Degrees Celsius],Batt Remaining [%],Cartridge 1,Cartridge 2
1201,28 Nov 2026 20:40:00,USB Connected,,21,97,,
1202,28 Nov 2026 20:46:25,Armed,,19,97,25' STANDARD,25' STANDARD
1203,28 Nov 2026 20:46:31,Trigger,5,,97,25' STANDARD,25' STANDARD
1204,28 Nov 2026 20:46:40,Arc,2,,96,25' STANDARD,25' STANDARD
1205,28 Nov 2026 20:46:52,Safe,27,20,96,,
"""
SEVEN = """Sequence,GMT Time,Event,Duration,Battery,Temperature
1,2026-11-28 20:46:24.250,Unholster,,88,18
2,2026-11-28 20:46:25.000,Arm,,88,18
3,2026-11-28 20:46:31.125,Trigger,5.02,88,18
4,2026-11-28 20:46:52.000,Safe,27.1,87,18
"""
# The server's time of the same: this weapon's clock is 12 s ahead.
ARMED_AT, FIRED_AT, SAFE_AT = 1795898773.0, 1795898779.2, 1795898800.1
