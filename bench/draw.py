"""What the generated data and the load have in common: lengths like those of real messages, places of which few have much."""
import bisect
import math
import random

# Characters of a message at each quantile, as measured on 2,795 real ones.
LENGTHS = [(0, 12), (0.05, 47), (0.1, 64), (0.25, 110), (0.5, 206), (0.75, 420), (0.9, 885), (0.95, 1343), (0.99, 2695), (1, 8993)]
HOME = "532504001007"
CATEGORIES = {"environment": 24, "facilities": 27, "property": 14, "dispute": 8, "safety": 9, "service": 12, "other": 6}
CHANNELS = {"mini_program": 70, "hotline": 18, "home_visit": 6, "chat": 4, "mass_meeting": 2}
COMMON = "的一是了不在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事方多经么去学如" \
    "都同现当没动面起看定天分还好小部其些主样理心本前开但因只从想实日者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高" \
    "间由问很最重并物手应向头文体政美相见被利什二等产新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员" \
    "解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统" \
    "路灯楼栋井盖停车噪音垃圾物业电梯漏水社区街道投诉希望尽快解决谢谢领导小区居民影响休息孩子老人晚上白天施工道路积水公交站"


class Draw:
    """Draws; the same seed yields the same."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        weights = [1 / (i + 1) ** 0.7 for i in range(len(COMMON))]
        order = self.random.sample(COMMON, len(COMMON))
        letters = self.random.choices(order, weights, k=200_000)
        for i in range(0, len(letters), 11):
            letters[i] = "，" if i % 33 else "。"
        self.text = "".join(letters)

    def length(self):
        """Characters of a message; straight lines in the logarithm between the quantiles."""
        q = self.random.random()
        i = bisect.bisect_right(LENGTHS, (q, 10_000)) - 1
        (a, low), (b, high) = LENGTHS[i], LENGTHS[min(i + 1, len(LENGTHS) - 1)]
        return round(low * math.exp(math.log(high / low) * (q - a) / (b - a))) if b > a else low

    def content(self):
        """A message."""
        length = self.length()
        begin = self.random.randrange(len(self.text) - length)
        return self.text[begin:begin + length]


def skewed(things, s=1.0):
    """Cumulative weights: the second of them half as often as the first, the third a third."""
    total, sums = 0, []
    for i in range(len(things)):
        total += 1 / (i + 1) ** s
        sums.append(total)
    return sums


def cumulative(shares):
    """Keys and cumulative weights of a dictionary of shares."""
    total, sums = 0, []
    for share in shares.values():
        total += share
        sums.append(total)
    return list(shares), sums


def communities(codes):
    """Codes of communities, busiest first: that of the example's people, then in an order that says nothing."""
    rest = sorted(code for code in codes if len(code) == 12 and code != HOME)
    random.Random(5).shuffle(rest)
    return [HOME, *rest]
