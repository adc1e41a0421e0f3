"""What `generate()` says."""

from ..texts import Bilingual
from .entry import DEPENDS, NO, YES, Entry

ENTRIES = (
    Entry(
        slug="no-length-given",
        sign="Using the model-agnostic default `max_length` (=20) to control the generation length.",
        pattern=r"Using the model-agnostic default `max_length`",
        matters=DEPENDS,
        meaning=Bilingual(
            "You gave `generate()` no length, so it stops after 20 new tokens. The text is right, but it may be "
            "cut off.",
            "呼叫 `generate()` 時沒有指定長度，所以寫完 20 個新 token 就停下來。文字沒有錯，但可能被截斷。",
        ),
        remedy=Bilingual(
            "Say how many new tokens you want.",
            "指定要生成幾個新 token。",
        ),
        code="model.generate(**inputs, max_new_tokens=50)",
    ),
    Entry(
        slug="past-the-last-position",
        sign="index out of range in self",
        pattern=r"index out of range in self",
        matters=YES,
        meaning=Bilingual(
            "The text is longer than the model has positions (`config.n_positions`; 1024 in the real GPT-2), and "
            "there is no position embedding for the next token.",
            "文字的 token 數超過模型的位置數（`config.n_positions`；真正的 GPT-2 是 1024），下一個 token 沒有位置嵌入可用。",
        ),
        remedy=Bilingual(
            "Keep prompt and new tokens together within the positions: ask for fewer new tokens, or cut the prompt "
            "at its beginning.",
            "讓提示詞（prompt）加上新 token 不超過位置數。可以少生成一些，或從開頭截短提示詞。",
        ),
        code="room = model.config.n_positions - 50\n"
        "model.generate(input_ids[:, -room:], attention_mask=attention_mask[:, -room:], max_new_tokens=50)",
        kinds=("IndexError",),
        where=r"\bwpe\b",
    ),
    Entry(
        slug="longer-than-trained",
        sign="the current text generation call has exceeded the model's predefined maximum length",
        pattern=r"exceeded the model's predefined maximum length",
        matters=YES,
        meaning=Bilingual(
            "Generation has used up the model's positions. For GPT-2 the next token ends in "
            "`IndexError: index out of range in self`.",
            "生成已經用完模型的所有位置。對 GPT-2 來說，再下一個 token 就會出現 "
            "`IndexError: index out of range in self`。",
        ),
        remedy=Bilingual(
            "Ask for fewer new tokens.",
            "減少要生成的 token 數。",
        ),
        code="longest = model.config.n_positions - input_ids.shape[1]\n"
        "model.generate(input_ids, max_new_tokens=min(50, longest))",
    ),
    Entry(
        slug="right-padding",
        sign="A decoder-only architecture is being used, but right-padding was detected!",
        pattern=r"right-padding was detected",
        matters=YES,
        meaning=Bilingual(
            "The shorter prompts of the batch end in padding, and GPT-2 would go on writing after the padding. The "
            "text that comes out is wrong.",
            "批次裡較短的提示詞（prompt）以填充結尾，GPT-2 會接在填充後面往下寫，生成的文字是錯的。",
        ),
        remedy=Bilingual(
            "Pad on the left before you generate. (For training and classification, right padding is right.)",
            "生成之前改成在左邊填充。（訓練和分類時，在右邊填充才對。）",
        ),
        code='tokenizer.padding_side = "left"\n'
        'inputs = tokenizer(prompts, padding=True, return_tensors="pt")\n'
        "model.generate(**inputs, max_new_tokens=20)",
    ),
    Entry(
        slug="attention-mask-not-given",
        sign="The attention mask is not set with a batched input, and cannot be inferred",
        pattern=r"The attention mask (?:and the pad token id were not set|is not set with a batched input)",
        matters=DEPENDS,
        meaning=Bilingual(
            "`generate()` got only ids and cannot tell which of them are padding, because GPT-2 pads with its "
            "end-of-text token. If all prompts are equally long, nothing is wrong; with padding, the text is wrong. "
            "It also appears for ids without a batch dimension.",
            "`generate()` 只收到 id，而 GPT-2 用結尾 token（EOS）來填充，所以分不出哪些是填充。如果所有提示詞（prompt）一樣長，結果就沒有問題；"
            "有填充時，生成的文字會出錯。id 少了批次維度時，也會出現這則訊息。",
        ),
        remedy=Bilingual(
            "Pass everything that the tokenizer returned, the mask included.",
            "把 tokenizer 回傳的內容全部傳入，包括遮罩。",
        ),
        code="model.generate(**inputs, pad_token_id=tokenizer.eos_token_id, max_new_tokens=20)",
    ),
    Entry(
        slug="temperature-not-positive",
        sign="`temperature` (=0.0) has to be a strictly positive float",
        pattern=r"`temperature` \(=.{1,40}?\) has to be a strictly positive float",
        matters=YES,
        meaning=Bilingual(
            "Logits are divided by the temperature, and nothing can be divided by 0.",
            "logits 要除以溫度，而任何數都不能除以 0。",
        ),
        remedy=Bilingual(
            "To take the most probable token every time, switch sampling off.",
            "如果想每次都取機率最高的 token，請關掉取樣。",
        ),
        code="model.generate(**inputs, do_sample=False, max_new_tokens=20)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="flags-ignored",
        sign="The following generation flags are not valid and may be ignored: ['top_k']",
        pattern=r"The following generation flags are not valid and may be ignored",
        matters=DEPENDS,
        meaning=Bilingual(
            "A setting of sampling (`temperature`, `top_k`, `top_p`) was given while sampling is off, so it does "
            "nothing. The text is that of greedy decoding or beam search.",
            "沒有啟用取樣，卻指定了取樣的設定（`temperature`、`top_k`、`top_p`），所以這些設定沒有作用。"
            "得到的是貪婪解碼或束搜尋的文字。",
        ),
        remedy=Bilingual(
            "If you want to sample, say so; if not, leave the setting out.",
            "要取樣，請明確啟用；不要取樣，就拿掉那些設定。",
        ),
        code="model.generate(**inputs, do_sample=True, temperature=0.8, max_new_tokens=20)",
    ),
    Entry(
        slug="streamer-with-beams",
        sign="`streamer` cannot be used with beam search (yet!)",
        pattern=r"`streamer` cannot be used with beam search",
        matters=YES,
        meaning=Bilingual(
            "Beam search may still change its mind about every token, so there is nothing to show while it runs.",
            "束搜尋（beam search）在結束之前，隨時可能換掉任何一個 token，所以過程中沒有可以顯示的文字。",
        ),
        remedy=Bilingual(
            "Leave out the streamer, or do without beams.",
            "拿掉 streamer，或不要用束搜尋。",
        ),
        code="model.generate(**inputs, num_beams=1, streamer=TextStreamer(tokenizer), max_new_tokens=20)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="strategy-left-the-library",
        sign="Contrastive Search requires `trust_remote_code=True` in your `generate` call",
        pattern=r"(?:Contrastive Search|Group Beam Search|Constrained Beam Search|Dola Generation) "
        r"(?:requires `trust_remote_code|was moved to a `custom_generate)",
        matters=YES,
        meaning=Bilingual(
            "Contrastive search, group beams, constrained beams and DoLa are no longer part of transformers. Their "
            "code would be downloaded from the Hugging Face hub and run on your computer.",
            "對比搜尋、分組束搜尋、限制式束搜尋與 DoLa 已經不在 transformers 裡。它們的程式碼要從 Hugging Face hub "
            "下載，再在你的電腦上執行。",
        ),
        remedy=Bilingual(
            "Use a strategy that is still there: sampling or plain beam search. For `force_words_ids`, the argument "
            "`prefix_allowed_tokens_fn` may do.",
            "改用還在的策略：取樣或一般的束搜尋。原本使用 `force_words_ids` 的，可以試試 `prefix_allowed_tokens_fn`。",
        ),
        code="model.generate(**inputs, do_sample=True, top_p=0.9, max_new_tokens=20)\n"
        "model.generate(**inputs, num_beams=4, max_new_tokens=20)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="several-greedy-texts",
        sign="Greedy methods without beam search do not support `num_return_sequences` different than 1",
        pattern=r"Greedy methods .{0,40}without beam search do not support `num_return_sequences`",
        matters=YES,
        meaning=Bilingual(
            "Greedy decoding has exactly one result, so it cannot return several texts.",
            "貪婪解碼只有一個結果，無法回傳好幾段文字。",
        ),
        remedy=Bilingual(
            "Sample, or use at least as many beams as texts.",
            "改用取樣，或讓束寬（beam width）不小於要回傳的段數。",
        ),
        code="model.generate(**inputs, do_sample=True, num_return_sequences=3, max_new_tokens=20)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="no-new-tokens",
        sign="`max_new_tokens` must be greater than 0, but is 0.",
        pattern=r"`max_new_tokens` must be greater than 0",
        matters=YES,
        meaning=Bilingual(
            "You asked for no new tokens at all, perhaps because a computed length came out as 0 or less.",
            "你要求的新 token 是 0 個或更少，可能是計算長度時算錯了。",
        ),
        remedy=Bilingual(
            "Ask for one at least; to look at the prompt's own logits, call the model instead.",
            "請至少要求一個；如果只想看提示詞（prompt）本身的 logits，請直接呼叫模型。",
        ),
        code="logits = model(**inputs).logits",
        kinds=("ValueError",),
    ),
    Entry(
        slug="prompt-fills-max-length",
        sign="Input length of input_ids is 30, but `max_length` is set to 20.",
        pattern=r"Input length of \w+ is \d+, but `max_length` is set to",
        matters=YES,
        meaning=Bilingual(
            "`max_length` counts the prompt too, and the prompt alone is already longer.",
            "`max_length` 把提示詞（prompt）也算在內，而提示詞本身已經超過這個長度。",
        ),
        remedy=Bilingual(
            "Give the number of new tokens, which does not count the prompt.",
            "改為指定新 token 的數量，這樣就不把提示詞算在內。",
        ),
        code="model.generate(**inputs, max_new_tokens=20)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="two-lengths",
        sign="Both `max_new_tokens` (=20) and `max_length`(=50) seem to have been set.",
        pattern=r"Both `max_new_tokens` .{1,40}`max_length`.{0,40}seem to have been set",
        matters=NO,
        meaning=Bilingual(
            "Two lengths were given; `max_new_tokens` is the one that counts.",
            "同時指定了兩種長度，實際上以 `max_new_tokens` 為準。",
        ),
        remedy=Bilingual(
            "Keep `max_new_tokens` only. If you gave only one, the other is in `model.generation_config`.",
            "只保留 `max_new_tokens`。如果你只指定了一個，另一個就在 `model.generation_config` 裡。",
        ),
        code="model.generation_config.max_length = None",
    ),
    Entry(
        slug="unknown-generate-argument",
        sign="The following `model_kwargs` are not used by the model: ['max_new_token']",
        pattern=r"The following `model_kwargs` are not used by the model",
        matters=YES,
        meaning=Bilingual(
            "Neither `generate()` nor the model knows an argument of that name. Mostly it is a typing error "
            "(`max_new_token` for `max_new_tokens`).",
            "`generate()` 和模型都不認得這個名稱的引數。多半是打錯字（把 `max_new_tokens` 寫成 `max_new_token`）。",
        ),
        remedy=Bilingual(
            "Compare the name in the message with those that exist.",
            "把訊息裡的名稱和實際存在的名稱比對一下。",
        ),
        code="sorted(vars(model.generation_config))",
        kinds=("ValueError",),
    ),
    Entry(
        slug="stop-strings-need-the-tokenizer",
        sign="There are one or more stop strings, ... but we could not locate a tokenizer.",
        pattern=r"There are one or more stop strings",
        matters=YES,
        meaning=Bilingual(
            "The model knows only ids; to recognise a string it needs the tokenizer.",
            "模型只認得 id，要認出字串就需要 tokenizer。",
        ),
        remedy=Bilingual(
            "Pass the tokenizer along.",
            "把 tokenizer 一起傳入。",
        ),
        code='model.generate(**inputs, stop_strings=["."], tokenizer=tokenizer, max_new_tokens=50)',
        kinds=("ValueError",),
    ),
    Entry(
        slug="probabilities-not-finite",
        sign="probability tensor contains either `inf`, `nan` or element < 0",
        pattern=r"probability tensor contains either `inf`, `nan` or element < 0",
        matters=YES,
        meaning=Bilingual(
            "The probabilities to sample from are not numbers. Most often the weights hold NaN after a training that "
            "went wrong, a logits processor of your own forbids every token, or float16 overflowed.",
            "取樣用的機率不是正常的數字。多半是訓練出了差錯，權重裡有 NaN；或是你自己的 logits processor "
            "禁止了所有 token；或是 float16 溢位。",
        ),
        remedy=Bilingual(
            "Look for the first weights or logits that are not finite; load the weights again, in float32.",
            "找出第一個不是有限值的權重或 logits；用 float32 重新載入權重。",
        ),
        code="print([name for name, p in model.named_parameters() if not p.isfinite().all()])\n"
        "print(model(**inputs).logits.isfinite().all())",
        kinds=("RuntimeError",),
    ),
    Entry(
        slug="generation-config-invalid",
        sign="GenerationConfig is invalid: ... Fix these issues to save the configuration.",
        pattern=r"GenerationConfig is invalid:",
        matters=YES,
        meaning=Bilingual(
            "The model's generation settings contradict each other, for instance a temperature without sampling, "
            "and such settings are not saved. The weights were not saved either.",
            "模型的生成設定互相矛盾，例如指定了溫度卻沒有啟用取樣。這樣的設定無法儲存，權重也沒有存下來。",
        ),
        remedy=Bilingual(
            "Make the settings agree, then save again.",
            "讓設定一致，再儲存一次。",
        ),
        code="model.generation_config.do_sample = True\nmodel.save_pretrained(folder)",
        kinds=("ValueError",),
    ),
    Entry(
        slug="base-model-cannot-generate",
        sign="'GPT2Model' object has no attribute 'generate'",
        pattern=r"'GPT2Model' object has no attribute '(?:generate|lm_head|generation_config)'",
        matters=YES,
        meaning=Bilingual(
            "`GPT2Model` ends with hidden states: it has no LM head, so it gives no logits and generates nothing.",
            "`GPT2Model` 只算到隱藏狀態。它沒有語言模型輸出層（LM head），所以沒有 logits，也不能生成文字。",
        ),
        remedy=Bilingual(
            "Load the same checkpoint with the class that has the head (lessons 2 and 4).",
            "用有 LM head 的類別載入同一個檢查點（第 2、4 課）。",
        ),
        code="model = GPT2LMHeadModel.from_pretrained(CHECKPOINT)",
        kinds=("AttributeError",),
    ),
)
