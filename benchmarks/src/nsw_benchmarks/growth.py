"""How the window's use grew, 2014 to September 2021, in dossiers filed a year.

Published: 4.1 million dossiers by 20 September 2021, 193 times those of 2014; 3.2 million by 25 August 2020.
The years between are our assumption, chosen to meet all three figures.
"""

DOSSIERS_BY_YEAR = {
    2014: 21_244,
    2015: 108_756,
    2016: 310_000,
    2017: 580_000,
    2018: 790_000,
    2019: 850_000,
    2020: 830_000,
    2021: 610_000,  # to 20 September
}
