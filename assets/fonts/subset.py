# Makes the fonts of this folder: python3 subset.py INTER_OTF OUT_OTF
import sys
from fontTools.ttLib import TTFont
from fontTools.subset import Subsetter, Options
src, out = sys.argv[1:]
font = TTFont(src)
# Figures of one width stand under the plain digits, so that numbers align without shaping.
gsub = font["GSUB"].table
tnum = {}
for record in gsub.FeatureList.FeatureRecord:
    if record.FeatureTag == "tnum":
        for i in record.Feature.LookupListIndex:
            for sub in gsub.LookupList.Lookup[i].SubTable:
                sub = getattr(sub, "ExtSubTable", sub)
                tnum.update(getattr(sub, "mapping", {}))
for table in font["cmap"].tables:
    for code, name in list(table.cmap.items()):
        if 0x30 <= code <= 0x39:
            table.cmap[code] = tnum.get(name, name)
RANGES = [(0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2000, 0x200A),
          (0x2010, 0x2027), (0x202F, 0x205E), (0x2070, 0x209C), (0x20A0, 0x20C0), (0x2100, 0x214F), (0x2190, 0x21FF),
          (0x2200, 0x22FF), (0x25A0, 0x25FF)]
options = Options()
options.layout_features = []
options.hinting = False
options.desubroutinize = False
options.notdef_outline = True
options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
options.drop_tables += ["GSUB", "GPOS", "GDEF", "DSIG", "MVAR", "STAT"]
subsetter = Subsetter(options)
subsetter.populate(unicodes=[c for a, b in RANGES for c in range(a, b + 1)])
subsetter.subset(font)
font.save(out)
print(out, len(font.getBestCmap()))
