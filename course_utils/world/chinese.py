"""The Chinese side of the story grammar (Traditional, Taiwan). See grammar.py for the way templates are written."""

from .grammar import case, recast, template

PLOT = {
    "lost": "[它掉進河裡了|它從袋子裡滑出去了|它被忘在路邊了|它被風吹走了]",
    "stolen": "[它在夜裡被偷走了|小偷拿著它跑了|有人從架子上拿走了它|它在市集上被偷了]",
    "sold": "[它被拿去換麵包了|它被拿去換大衣了|它在市場上被賣掉了|小販把它買走了]",
    "lent": "[它被借給鄰居了|它被借走，一直沒有還|陌生人把它借走了|它被借去辦喜事了]",
}

OPENING = [
    "[很久很久以前|從前|許多年前|有一年春天]，一{place.measure}[遙遠|寧靜|溫暖|飄雪|多霧|小小|美麗]的{place}裡"
    "住著一{hero.measure}[年輕|可愛|好奇|勇敢|開朗]的{hero.kind}，[名叫|大家都叫{hero.him}]{hero.name}。",
    "[遙遠|寧靜|溫暖|飄雪|多霧|小小|美麗]的{place}裡，有一{hero.measure}[年輕|可愛|好奇|勇敢|開朗]的{hero.kind}，"
    "名叫{hero.name}。",
]
TREASURE = [
    "[{hero.he}最心愛的是|{hero.he}最寶貝的是|{hero.he}日日夜夜帶著|{hero.name}沒什麼財產，只有]"
    "一{thing.measure}{colour}的{thing}[，是老朋友送的|，誰也說不出它有多老|，是在市集上買的|]。",
]
WISH = [
    "{hero.he}[常常|偷偷]夢想著{wish}。",
    "{hero.he}最大的夢想是{wish}。",
    "每天夜裡，{hero.name}都夢見自己{wish}。",
]
LOSS = [
    "可是一個[下雨|寒冷|颳風|起霧]的[早晨|傍晚|日子]，那{thing.measure}{colour}的{thing}不見了。",
    "有一天，{hero.he}怎麼也找不到那{thing.measure}{colour}的{thing}。",
    "一個[下雨|寒冷|颳風|起霧]的早晨，{hero.he}一覺醒來，{thing}沒了蹤影。",
]
MEETING = [
    "[在井邊|在門口|在老樹下|在樓梯上|在街角]，{hero.he}遇見了一{helper.measure}[善良|聰明|親切|快樂|溫柔]的"
    "{helper.kind}{helper.name}。",
    "一{helper.measure}[善良|聰明|親切|快樂|溫柔]的{helper.kind}{helper.name}[正好路過|走了過來|停在門前]。",
]
GREETING = [
    "「你好，最近好嗎？」{helper.name}問。",
    "「[早安|你好]，{hero.name}，[怎麼了|怎麼不說話|你要去哪裡]？」{helper.name}問。",
]
ANSWER = [
    "「[我的{thing}不見了|我在找我的{thing}|我找不到我的{thing}]。」{hero.name}[說|回答|小聲地說]。",
]
RUMOUR = [
    ("「[也許|我想|聽說]", case("rumour", PLOT), "。」{helper.name}說。"),
    ("[村子裡|市場上|火爐邊]的人都說，", case("rumour", PLOT), "。"),
]
TRUTH = [
    ("「不，", case("plot", PLOT), "。」{hero.name}說。"),
    ("可是[麻雀|老鐘|月亮]看見了：", case("plot", PLOT), "。"),
]
JOURNEY = [
    "於是{hero.name}和{helper.name}[一起|馬上|天還沒亮就|手牽著手]出發了。",
    "「[走，我們去找它|我們一起去找吧|我來幫你]。」{helper.name}說。",
    "{hero.name}和{helper.name}[渡過深深的河|爬過高高的山丘|穿過黑暗的樹林|沿著彎彎的小路走|睡在星空下]。",
    "雨下了[一整天|一整夜|整整三天]，{helper.name}卻[說了一個又一個故事|從不灰心|一直看著火堆]。",
    "{hero.name}累了，{helper.name}就[唱一首歌|說一個笑話|找個乾的地方休息]。",
]
RIVAL = [
    "最後，[在一座舊橋上|在一間小屋前|在磨坊後面|在湖邊|在高塔上]，他們找到了[驕傲|孤單|固執|機靈|沉默]的{rival.kind}{rival.name}和{colour}的{thing}。",
    "[在一座舊橋上|在一間小屋前|在磨坊後面|在湖邊|在高塔上]坐著[驕傲|孤單|固執|機靈|沉默]的{rival.kind}{rival.name}，"
    "身邊是那{thing.measure}{colour}的{thing}。",
]
CONTEST = [
    "「用{contest}決定吧。」{helper.name}說。",
    "他們說好用{contest}決定。",
    "「那是我的！」{hero.name}說。「用{contest}決定吧。」{rival.name}回答。",
]
OUTCOME = (
    [
        "{winner.name}贏了。",
        "[就差那麼一點點|誰也沒有想到|大家都屏住呼吸]，{winner.name}贏了。",
        "{winner.name}略勝一籌。",
    ],
    [
        "於是{winner.name}帶著{thing}回家。",
        "於是{thing}歸了{winner.name}。",
        "{winner.name}拿著{thing}，一路[笑著|跳著舞]回家。",
    ],
)
CLOSING = [
    "那天夜裡，{hero.name}夢見了那{thing.measure}{thing}。",
    "{helper.name}摟著{hero.name}，在月光下走回家。",
    "從此以後，{hero.name}和{helper.name}成了[一輩子|永遠]的朋友。",
    "[許多年後|直到今天]，{hero.name}還[說著這個故事|想著那一天|夢見那{thing.measure}{thing}]。",
    "「[晚安|好好睡|明天見]，{hero.name}。」{helper.name}說。",
]

STORY = template(
    (
        OPENING,
        TREASURE,
        ["", WISH],
        LOSS,
        MEETING,
        [(GREETING, ANSWER, RUMOUR, TRUTH), (RUMOUR, TRUTH, JOURNEY)],
        RIVAL,
        CONTEST,
        case("sentiment", {"happy": recast(OUTCOME, winner="hero"), "sad": recast(OUTCOME, winner="rival")}),
        CLOSING,
    )
)
